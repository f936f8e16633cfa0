-- Tables with a column of days.
select distinct tables.schema_name, tables.table_name
from duckdb_columns() as columns
inner join duckdb_tables() as tables
    using (database_oid, schema_oid, table_oid)
where
    columns.column_name = 'event_date'
    and columns.data_type = 'DATE'
    and columns.database_name = current_database()
order by all
