def normalize(phone: str) -> str:
    return "".join(c for c in phone if c.isdigit())
