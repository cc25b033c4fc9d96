"""The Business Central companies this install serves."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select, update

from bridge.records import Company
from bridge.store.database import Database
from bridge.store.models import CompanyRow


def save(db: Database, companies: Sequence[Company]) -> None:
    """Replace the list by these, in order; the first is the default. What was learnt of a company stays with it."""
    with db.write() as session:
        for position, company in enumerate(companies):
            row = session.get(CompanyRow, company.id) or CompanyRow(id=company.id)
            row.name, row.display_name, row.position = company.name, company.display_name, position
            session.add(row)
        session.execute(delete(CompanyRow).where(CompanyRow.id.not_in([company.id for company in companies])))


def learn(db: Database, company_id: str, *, sales_company_id: str | None, companion_version: str | None) -> None:
    """Note what the other sides said of this company."""
    with db.write() as session:
        session.execute(
            update(CompanyRow)
            .where(CompanyRow.id == company_id)
            .values(sales_company_id=sales_company_id, companion_version=companion_version)
        )


def learn_companion(db: Database, company_id: str, version: str | None) -> None:
    """Note which companion was found in this company; None for none."""
    with db.write() as session:
        session.execute(update(CompanyRow).where(CompanyRow.id == company_id).values(companion_version=version))


def all_companies(db: Database) -> list[CompanyRow]:
    with db.read() as session:
        return list(session.scalars(select(CompanyRow).order_by(CompanyRow.position)))
