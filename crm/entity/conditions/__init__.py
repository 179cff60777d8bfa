"""The advanced query (高级查询): conditions over the fields of a reader's catalogue.

`tree` is what a query is and how a URL writes it, `operators` what may be asked of which kind of field,
`periods` the relative dates, `terms` turns a query into a condition of the ORM and into words.
"""
