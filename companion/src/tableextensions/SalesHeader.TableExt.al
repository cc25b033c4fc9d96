// Which quote of Sales a quote was filled from. Revisions share number and customer, so that nothing else tells whether
// a revision has arrived already.
tableextension 50100 "Bridge Sales Header" extends "Sales Header"
{
    fields
    {
        field(50100; "Bridge Source Id"; Guid)
        {
            Caption = 'Source Id in Sales';
            DataClassification = SystemMetadata;
        }
    }
}
