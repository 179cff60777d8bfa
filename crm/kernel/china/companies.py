def company_key(name: str) -> str:
    return "".join(name.split()).lower()
