// The service of docs/availability.md as CAP has it: the rows lie flat in one table, which is kinder than the two that
// the gateway joins.
@cds.persistence.exists
entity availability_rows {
  key CRM_ID         : UUID;
  key Integration_ID : UUID;
      Table_ID       : Integer;
      ItemNo         : String(20);
      UOM            : String(10);
      Inventory      : Decimal(38, 20);
}

@requires: 'authenticated-user'
@path    : '/ODataV4'
service Availability {
  @readonly
  entity ProductItemAvailability as projection on availability_rows;
}
