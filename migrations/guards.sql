-- What may never change, kept by the database itself, whoever asks.

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE ON events
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER events_no_truncate BEFORE TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Money that came, went, or settled something is history. What was a mistake is set right by a further row.
CREATE TRIGGER payments_append_only BEFORE UPDATE OR DELETE ON payments
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER refunds_append_only BEFORE UPDATE OR DELETE ON refunds
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER allocations_append_only BEFORE UPDATE OR DELETE ON allocations
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- An issued invoice is corrected by a credit note. What still moves: its status, what was paid, why it is void.
CREATE FUNCTION freeze_issued_invoice() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status = 'draft' THEN
        RETURN COALESCE(NEW, OLD);
    END IF;
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'invoice % is issued and cannot be deleted', OLD.number USING ERRCODE = 'restrict_violation';
    END IF;
    IF (NEW.client_id, NEW.kind, NEW.number, NEW.currency, NEW.drafted_on, NEW.issued_on, NEW.due_on,
        NEW.subtotal_minor, NEW.tax_minor, NEW.total_minor, NEW.run_id, NEW.corrects_invoice_id, NEW.deducts,
        NEW.po_number, NEW.notes, NEW.party)
       IS DISTINCT FROM
       (OLD.client_id, OLD.kind, OLD.number, OLD.currency, OLD.drafted_on, OLD.issued_on, OLD.due_on,
        OLD.subtotal_minor, OLD.tax_minor, OLD.total_minor, OLD.run_id, OLD.corrects_invoice_id, OLD.deducts,
        OLD.po_number, OLD.notes, OLD.party)
       OR NEW.status = 'draft' THEN
        RAISE EXCEPTION 'invoice % is issued and cannot change', OLD.number USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER invoices_frozen BEFORE UPDATE OR DELETE ON invoices
    FOR EACH ROW WHEN (OLD.status <> 'draft') EXECUTE FUNCTION freeze_issued_invoice();

CREATE FUNCTION freeze_issued_line() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    touched bigint[] := CASE TG_OP WHEN 'DELETE' THEN ARRAY[OLD.invoice_id]
        ELSE ARRAY[OLD.invoice_id, NEW.invoice_id] END;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM invoices WHERE id = ANY (touched) AND status <> 'draft') THEN
        RETURN COALESCE(NEW, OLD);
    END IF;
    IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'invoice_lines'
       AND to_jsonb(NEW) - 'is_void' = to_jsonb(OLD) - 'is_void' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the invoice of this row is issued: % on % refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER invoice_lines_frozen BEFORE UPDATE OR DELETE ON invoice_lines
    FOR EACH ROW EXECUTE FUNCTION freeze_issued_line();
CREATE TRIGGER invoice_taxes_frozen BEFORE UPDATE OR DELETE ON invoice_taxes
    FOR EACH ROW EXECUTE FUNCTION freeze_issued_line();

-- INSERT is guarded too: a line added to an issued invoice would change what was sent. Asked once for all the rows of
-- a statement, as a billing run adds thousands.
CREATE FUNCTION refuse_new_rows_of_issued() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM added JOIN invoices ON invoices.id = added.invoice_id WHERE invoices.status <> 'draft') THEN
        RAISE EXCEPTION 'the invoice of this row is issued: INSERT on % refused', TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER invoice_lines_added AFTER INSERT ON invoice_lines REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_new_rows_of_issued();
CREATE TRIGGER invoice_taxes_added AFTER INSERT ON invoice_taxes REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_new_rows_of_issued();

-- A service is found by its own words and its client's, in one index.
CREATE FUNCTION gather_service_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.search := to_tsvector('simple', NEW.name) || (SELECT search FROM clients WHERE id = NEW.client_id);
    RETURN NEW;
END $$;

CREATE TRIGGER client_services_words BEFORE INSERT OR UPDATE OF name, client_id ON client_services
    FOR EACH ROW EXECUTE FUNCTION gather_service_words();

CREATE FUNCTION pass_on_client_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE client_services SET name = name WHERE client_id = NEW.id;
    RETURN NULL;
END $$;

CREATE TRIGGER clients_words AFTER UPDATE OF name, code ON clients
    FOR EACH ROW WHEN (OLD.search IS DISTINCT FROM NEW.search) EXECUTE FUNCTION pass_on_client_words();
