#!/bin/sh
# Runs once, when the database container is new: a role without superuser rights owns the database.
set -eu
psql --set ON_ERROR_STOP=1 --set password="$CRM_DB_PASSWORD" --username "$POSTGRES_USER" <<'SQL'
CREATE ROLE crm LOGIN PASSWORD :'password';
CREATE DATABASE crm OWNER crm;
SQL
