from stdnum.cn import uscc


def normalize(code: str) -> str:
    return code.strip().upper()


def is_valid(code: str) -> bool:
    return bool(uscc.is_valid(code))
