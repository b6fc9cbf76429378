/// What a load is among the loads of other versions of the same file.
package struct LoadHistory: Hashable, Sendable {
    /// What becomes of a corrected file under a key that was loaded before.
    package enum Resend: String, Hashable, Sendable, CaseIterable {
        /// Its rows come beside the earlier ones.
        case append
        /// Its rows take the place of the earlier ones, in the same transaction.
        case replace
        /// It is refused.
        case reject
    }

    /// The source without its version: the same for all versions of a file.
    package var sourceKey: String
    /// Orders the versions of one key, as hexadecimal digits of any length (S3 user guide, "Event message structure").
    package var sequencer: String?
    package var resend: Resend

    package init(sourceKey: String, sequencer: String? = nil, resend: Resend = .append) {
        self.sourceKey = sourceKey
        self.sequencer = sequencer
        self.resend = resend
    }
}

// MARK: Text

extension LoadScript {
    /// The SQLSTATE by which a script says that a newer version of its file was loaded before.
    package static let supersededState = "LF002"
    /// The SQLSTATE by which a script says that another version of its file was loaded before, and is not to be loaded again.
    package static let resentState = "LF003"

    /// The ledger's rows of other versions of the same file.
    private var otherVersions: String {
        """
        pipeline = \(Literal.quotedUnchecked(pipeline)) AND target_table = \(Literal.quotedUnchecked(table.description)) \
        AND source_key = \(Literal.quotedUnchecked(history.sourceKey)) AND load_id <> \(Literal.quotedUnchecked(loadID))
        """
    }

    /// Versions of one file take turns; a late one stops, and so does one that is not to be loaded again.
    var historyGuard: String? {
        var checks: [String] = []
        // Where rows are only added their order is of no matter.
        if let sequencer = history.sequencer, history.resend == .replace || mode != .append {
            checks.append(
                """
                IF EXISTS (SELECT FROM \(Ledger.table) WHERE \(otherVersions)
                        AND lpad(sequencer, 64, '0') COLLATE "C" > lpad(\(Literal.quotedUnchecked(sequencer)), 64, '0') COLLATE "C") THEN
                        RAISE EXCEPTION USING ERRCODE = '\(Self.supersededState)',
                            MESSAGE = 'landfall: a newer version of this file is loaded already';
                    END IF;
                """)
        }
        if history.resend == .reject {
            checks.append(
                """
                IF EXISTS (SELECT FROM \(Ledger.table) WHERE \(otherVersions)) THEN
                        RAISE EXCEPTION USING ERRCODE = '\(Self.resentState)',
                            MESSAGE = 'landfall: another version of this file is loaded already';
                    END IF;
                """)
        }
        // A removal takes its turn too.
        guard !checks.isEmpty || history.resend == .replace else { return nil }
        let lock = Literal.quotedUnchecked("landfall source \(pipeline) \(table.quoted) \(history.sourceKey)")
        let body = """
            BEGIN
                PERFORM pg_advisory_xact_lock(hashtextextended(\(lock), 0));
                \(checks.joined(separator: "\n    "))
            END
            """
        return "-- Versions of one file take turns.\nDO \(Literal.dollarQuoted(body));\n"
    }

    /// Takes out what other versions of the file have loaded.
    var versionRemoval: String? {
        guard history.resend == .replace, let column = lineage.loadID else { return nil }
        return """
            -- The file was sent again: its rows take the place of the earlier ones.
            DELETE FROM \(table.quoted) WHERE \(Identifier.quotedUnchecked(column)) IN (
                SELECT load_id FROM \(Ledger.table) WHERE \(otherVersions));

            """
    }
}
