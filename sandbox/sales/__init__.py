"""Dynamics 365 Sales: a Dataverse environment with the sales tables, as its Web API shows it."""
