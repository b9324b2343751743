"""What tables have in common: ids, types of columns, names of constraints, labels."""

from __future__ import annotations

import datetime
import enum
import uuid
from typing import Any

import uuid_utils.compat
from sqlalchemy import (
    DateTime,
    Enum,
    Index,
    MetaData,
    Text,
    func,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from reelwright.edits.kinds_and_states import FileRole, JobStatus, JobType, OverlayType, Quality, VariantKind


def new_id() -> uuid.UUID:
    """Return a UUIDv7: rows made later sort later, so that indexes grow at one end."""
    made_id: uuid.UUID = uuid_utils.compat.uuid7()
    return made_id


def _postgres_enum(kind: type[enum.StrEnum], name: str) -> Enum:
    return Enum(kind, name=name, values_callable=lambda members: [member.value for member in members])


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012
        str: Text,
        datetime.datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB(none_as_null=True),
        list[Any]: JSONB(none_as_null=True),
        VariantKind: _postgres_enum(VariantKind, "variant_kind"),
        Quality: _postgres_enum(Quality, "variant_quality"),
        JobType: _postgres_enum(JobType, "job_type"),
        JobStatus: _postgres_enum(JobStatus, "job_status"),
        OverlayType: _postgres_enum(OverlayType, "overlay_type"),
        FileRole: _postgres_enum(FileRole, "file_role"),
    }


def indexes_of_labels(table: str) -> tuple[Index, Index]:
    """What rows contain, whatever it is (jsonb_path_ops): of all together, for who sees all, and of each project apart,
    for who sees one. Written at once, so that no search reads a list of what was not yet sorted in."""
    owned = func.owned_labels(literal_column("project_id"), literal_column("labels")).label("owned_labels")

    def of(name: str, what: Any) -> Index:
        return Index(
            f"ix_{table}_{name}",
            what,
            postgresql_using="gin",
            postgresql_ops={name: "jsonb_path_ops"},
            postgresql_with={"fastupdate": "off"},
        )

    return of("labels", "labels"), of("owned_labels", owned)


def index_of_projects(table: str, time: str, *more: str) -> Index:
    """A project's rows by time: its lists read no other's. `more`: columns by which it is told without a look at the
    rows how many there are."""
    name = "_".join(("ix", table, "project_id", time, "id", *more))
    return Index(name, "project_id", time, "id", postgresql_include=more)


def index_of_ends(table: str, moment: str) -> Index:
    """What ends some time, by when: most rows are not in it."""
    return Index(f"ix_{table}_{moment}", moment, postgresql_where=text(f"{moment} IS NOT NULL"))


class Labelled:
    """What clients say of a thing of theirs: edits/labels.py."""

    labels: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"), sort_order=999)
