"""How long logs have to be kept."""

# 网络安全法: network logs for at least six months. The database's guards and the settings hold to it.
LEAST_DAYS = 184
