// Reading and writing the JSON of the procedures. Names are exact, and one nobody knows is refused, never dropped.
codeunit 50125 "Bridge Json"
{
    procedure ReadObject(Given: Text; Where: Text) Found: JsonObject
    var
        NoObjectErr: Label '%1 must be a JSON object.', Comment = '%1 = name of the parameter';
    begin
        if not Found.ReadFrom(Given) then
            Error(NoObjectErr, Where);
    end;

    procedure ReadList(Given: Text; Where: Text) Found: JsonArray
    var
        NoListErr: Label '%1 must be a JSON list.', Comment = '%1 = name of the parameter';
    begin
        if not Found.ReadFrom(Given) then
            Error(NoListErr, Where);
    end;

    procedure RefuseUnknownNames(Given: JsonObject; Known: List of [Text]; Where: Text)
    var
        Name: Text;
        UnknownNameErr: Label 'The name ''%1'' is not known in %2.', Comment = '%1 = name, %2 = place';
    begin
        foreach Name in Given.Keys() do
            if not Known.Contains(Name) then
                Error(UnknownNameErr, Name, Where);
    end;

    // Whether a value is given that is neither null nor empty text.
    procedure Has(Given: JsonObject; Name: Text): Boolean
    var
        Token: JsonToken;
    begin
        if not Given.Get(Name, Token) then
            exit(false);
        if Token.IsValue() then
            exit(TextOf(Given, Name) <> '');
        exit(true);
    end;

    procedure TextOf(Given: JsonObject; Name: Text): Text
    var
        Token: JsonToken;
    begin
        if not Given.Get(Name, Token) then
            exit('');
        if Token.AsValue().IsNull() then
            exit('');
        exit(Token.AsValue().AsText());
    end;

    // A number, which may come as JSON number or as decimal text.
    procedure DecimalOf(Given: JsonObject; Name: Text) Value: Decimal
    begin
        if Has(Given, Name) then
            if not Evaluate(Value, TextOf(Given, Name), 9) then
                Error(NotConvertibleErr, Name, TextOf(Given, Name));
    end;

    procedure IntegerOf(Given: JsonObject; Name: Text) Value: Integer
    begin
        if Has(Given, Name) then
            if not Evaluate(Value, TextOf(Given, Name), 9) then
                Error(NotConvertibleErr, Name, TextOf(Given, Name));
    end;

    procedure DateOf(Given: JsonObject; Name: Text) Value: Date
    begin
        if Has(Given, Name) then
            if not Evaluate(Value, TextOf(Given, Name), 9) then
                Error(NotConvertibleErr, Name, TextOf(Given, Name));
    end;

    procedure BooleanOf(Given: JsonObject; Name: Text; Otherwise: Boolean): Boolean
    var
        Token: JsonToken;
    begin
        if not Given.Get(Name, Token) then
            exit(Otherwise);
        exit(Token.AsValue().AsBoolean());
    end;

    procedure ListOf(Given: JsonObject; Name: Text) Found: JsonArray
    var
        Token: JsonToken;
    begin
        if Given.Get(Name, Token) then
            Found := Token.AsArray();
    end;

    procedure ObjectOf(Given: JsonObject; Name: Text; var Found: JsonObject): Boolean
    var
        Token: JsonToken;
    begin
        if not Given.Get(Name, Token) then
            exit(false);
        if not Token.IsObject() then
            exit(false);
        Found := Token.AsObject();
        exit(true);
    end;

    // An id as text: 36 characters, lower case, no braces.
    procedure IdText(Id: Guid): Text
    begin
        exit(LowerCase(DelChr(Format(Id), '=', '{}')));
    end;

    procedure Write(Value: JsonObject) Written: Text
    begin
        Value.WriteTo(Written);
    end;

    procedure Write(Value: JsonArray) Written: Text
    begin
        Value.WriteTo(Written);
    end;

    var
        NotConvertibleErr: Label '%1: ''%2'' cannot be converted.', Comment = '%1 = name, %2 = value';
}
