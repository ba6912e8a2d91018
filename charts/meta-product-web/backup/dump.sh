# Dumps the database into BACKUP_DIR and deletes dumps of more than KEEP_DAYS days ago. A dump has its name when it is whole.
set -eu
umask 077
if [ -z "${DATABASE_URL:-}" ]; then
  export PGHOST="$DB_HOST" PGPORT="$DB_PORT" PGUSER="$DB_USER" PGPASSWORD="$DB_PWD" PGDATABASE="$DB_NAME"
fi
dump="$BACKUP_DIR/meta_be-$(date -u +%Y%m%dT%H%M%SZ).dump"
rm -f "$BACKUP_DIR"/meta_be-*.part
trap 'rm -f "$dump.part"' EXIT
url=$(printf %s "${DATABASE_URL:-}" | sed 's/^postgresql+psycopg2:/postgresql:/')
pg_dump --format=custom --file="$dump.part" --dbname="$url"
pg_restore --list "$dump.part" >/dev/null
sync "$dump.part"
mv "$dump.part" "$dump"
find "$BACKUP_DIR" -name 'meta_be-*.dump' -mtime "+$KEEP_DAYS" -delete
ls -l "$dump"
