"""3D models that merchants name and show on products; the name that a file was uploaded under."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.add_column(
        "stored_file",
        sa.Column("uploaded_as", sa.String(length=255), nullable=True, comment="the name that its sender gave it"),
    )
    op.execute("CREATE SEQUENCE model_id_seq AS integer START WITH 1000000000 MINVALUE 1000000000")
    op.create_table(
        "model",
        sa.Column("id", sa.Integer(), server_default=sa.text("nextval('model_id_seq')"), nullable=False),
        sa.Column("business_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=50), nullable=False),
        sa.Column("file", sa.String(length=80), nullable=False, comment="of the merchant's, a .glb"),
        sa.Column("thumbnail", sa.String(length=80), nullable=True, comment="of the merchant's, a picture"),
        sa.Column("create_time", sa.Integer(), nullable=False),
        sa.Column("last_update", sa.Integer(), nullable=False),
        sa.CheckConstraint("id >= 1000000000", name=op.f("ck_model_id_own")),
        sa.CheckConstraint("file LIKE '%.glb'", name=op.f("ck_model_file_binary")),
        sa.ForeignKeyConstraint(["business_id"], ["user.id"], name=op.f("fk_model_business_id")),
        sa.ForeignKeyConstraint(["business_id", "file"], ["stored_file.business_id", "stored_file.name"], name="fk_model_file"),
        sa.ForeignKeyConstraint(
            ["business_id", "thumbnail"], ["stored_file.business_id", "stored_file.name"], name="fk_model_thumbnail"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model")),
    )
    op.execute("ALTER SEQUENCE model_id_seq OWNED BY model.id")
    op.create_index("ix_model_newest", "model", ["business_id", "create_time", "id"])
    op.create_index("ix_model_file", "model", ["business_id", "file"])
    op.create_index("ix_model_thumbnail", "model", ["business_id", "thumbnail"])
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")  # it blocks nobody while it waits
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_stored_file_newest")
        op.create_index(
            "ix_stored_file_newest", "stored_file", ["business_id", "create_time", "id"], postgresql_concurrently=True
        )
        op.execute("SET lock_timeout = '3s'")


def downgrade() -> None:
    op.drop_index("ix_stored_file_newest", "stored_file")
    op.drop_table("model")
    op.drop_column("stored_file", "uploaded_as")
