"""Since when nothing uses a file; what removed files leave in the storage; files of the platform, for its scene bases."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0027"
down_revision = "0026"

UNUSED = "since when nothing uses it; null while something does"
LOOKED = "when the worker last looked whether something uses it"
UPLOADS = ("stored_file", "customer_file")


def upgrade() -> None:
    _create_platform_files()
    op.create_table(
        "removed_content",
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("time", sa.Integer(), nullable=False, comment="when the last file of this name was removed"),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_removed_content")),
    )
    op.execute("""
        CREATE FUNCTION leave_content() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO removed_content (name, time)
            SELECT DISTINCT name, extract(epoch FROM now())::integer FROM gone ORDER BY name
            ON CONFLICT (name) DO UPDATE SET time = excluded.time;
            RETURN NULL;
        END $$
    """)
    for table in UPLOADS:
        op.add_column(table, sa.Column("unused_since", sa.Integer(), nullable=True, comment=UNUSED))
        op.add_column(table, sa.Column("looked_at", sa.Integer(), server_default="0", nullable=False, comment=LOOKED))
    for table in (*UPLOADS, "platform_file"):
        op.execute(f"""
            CREATE TRIGGER leave_content AFTER DELETE ON {table} REFERENCING OLD TABLE AS gone
            FOR EACH STATEMENT EXECUTE FUNCTION leave_content()
        """)
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")  # it blocks nobody while it waits
        for table in UPLOADS:
            for name, column, where in (("unused", "unused_since", "IS NOT NULL"), ("used", "looked_at", "IS NULL")):
                op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS ix_{table}_{name}")
                op.create_index(
                    f"ix_{table}_{name}",
                    table,
                    [column],
                    postgresql_where=f"unused_since {where}",
                    postgresql_concurrently=True,
                )
        op.execute("SET lock_timeout = '3s'")


def _create_platform_files() -> None:
    op.create_table(
        "platform_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(80), nullable=False, comment="SHA-256 of the content, and an extension"),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("media_type", sa.String(40), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False, comment="bytes"),
        sa.Column(
            "details",
            postgresql.JSONB(none_as_null=True),
            nullable=False,
            comment="of a picture width and height, of a model its bounding box",
        ),
        sa.Column("uploaded_as", sa.String(255), nullable=True, comment="the name that its sender gave it"),
        sa.Column("create_time", sa.Integer(), nullable=False),
        sa.Column("unused_since", sa.Integer(), nullable=True, comment=UNUSED),
        sa.Column("looked_at", sa.Integer(), server_default="0", nullable=False, comment=LOOKED),
        sa.CheckConstraint("kind IN ('image', 'config', 'model')", name=op.f("ck_platform_file_kind_known")),
        sa.CheckConstraint("size > 0", name=op.f("ck_platform_file_size_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_platform_file")),
        sa.UniqueConstraint("name", name=op.f("uq_platform_file_name")),
    )
    op.create_index("ix_platform_file_unused", "platform_file", ["unused_since"], postgresql_where="unused_since IS NOT NULL")
    op.create_index("ix_platform_file_used", "platform_file", ["looked_at"], postgresql_where="unused_since IS NULL")
    op.create_table(
        "scenebase_model",
        sa.Column("base_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("file", sa.String(80), nullable=False, comment="of the platform's, a .glb"),
        sa.CheckConstraint("file LIKE '%.glb'", name=op.f("ck_scenebase_model_file_binary")),
        sa.ForeignKeyConstraint(["base_id"], ["scenebase.id"], name=op.f("fk_scenebase_model_base_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["file"], ["platform_file.name"], name="fk_scenebase_model_file"),
        sa.PrimaryKeyConstraint("base_id", name=op.f("pk_scenebase_model")),
    )
    op.create_index("ix_scenebase_model_file", "scenebase_model", ["file"])


def downgrade() -> None:
    op.drop_table("scenebase_model")
    op.drop_table("platform_file")
    for table in UPLOADS:
        op.execute(f"DROP TRIGGER leave_content ON {table}")
        op.drop_index(f"ix_{table}_used", table)
        op.drop_index(f"ix_{table}_unused", table)
        op.drop_column(table, "looked_at")
        op.drop_column(table, "unused_since")
    op.execute("DROP FUNCTION leave_content")
    op.drop_table("removed_content")
