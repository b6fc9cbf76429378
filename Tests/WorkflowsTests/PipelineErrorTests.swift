import Jobs
import Testing
import Workflows

/// What a person reads who has written a pipeline file that is not right.
struct PipelineErrorTests {
    /// Reads the two lines that every pipeline has, and `rest` from the third line on.
    private static func failure(_ rest: String) -> Failure? {
        failure(whole: "name: orders\nworkflow: convertor\n" + rest)
    }

    private static func failure(whole text: String) -> Failure? {
        do {
            _ = try PipelineFile.read(text: text, file: "orders.yaml")
            return nil
        } catch {
            return error
        }
    }

    @Test(
        "an unknown key is named, with the nearest known one",
        arguments: [
            ("colums: []", #"orders.yaml line 3: unknown key "colums" in orders.yaml (did you mean "columns"?)."#),
            ("match: { kee: x }", #"orders.yaml line 3: unknown key "kee" in match (did you mean "key"?)."#),
            ("input: { delimeter: ',' }", #"orders.yaml line 3: unknown key "delimeter" in input (did you mean "delimiter"?)."#),
            ("columns:\n  - { name: a, tpye: int64 }", #"orders.yaml line 4: unknown key "tpye" in columns (did you mean "type"?)."#),
            ("schema: { unknwon: add }", #"orders.yaml line 3: unknown key "unknwon" in schema (did you mean "unknown"?)."#),
            ("rows: { max_reject: 1 }", #"orders.yaml line 3: unknown key "max_reject" in rows (did you mean "max_rejects"?)."#),
            ("output: { parket: {} }", #"orders.yaml line 3: unknown key "parket" in output (did you mean "parquet"?)."#),
            (
                "output: { csv: { compresion: gzip } }",
                #"orders.yaml line 3: unknown key "compresion" in csv (did you mean "compression"?)."#
            ),
            ("zzzzzzzzzz: 1", #"orders.yaml line 3: unknown key "zzzzzzzzzz" in orders.yaml."#),
            (
                "target: { postgres: { tabel: t, table: t } }",
                #"orders.yaml line 3: unknown key "tabel" in postgres (did you mean "table"?)."#
            ),
        ])
    func unknownKeys(_ rest: String, _ message: String) {
        #expect(Self.failure(rest) == Failure(.permanent, "settings.unknown_key", message))
    }

    @Test(
        "a missing key is named",
        arguments: [
            ("workflow: convertor", "orders.yaml: orders.yaml needs name."), ("name: a", "orders.yaml: orders.yaml needs workflow."),
            ("name: a\nworkflow: loader", "orders.yaml: a loader needs target.postgres.table."),
            ("name: a\nworkflow: loader\ntarget: {}", "target needs postgres."),
            ("name: a\nworkflow: loader\ntarget: { postgres: {} }", "orders.yaml: postgres needs table."),
            ("name: a\nworkflow: convertor\ncolumns: [{ type: text }]", "orders.yaml: columns needs name."),
        ])
    func missingKeys(_ text: String, _ message: String) {
        #expect(Self.failure(whole: text) == Failure(.permanent, "settings.missing_key", message))
    }

    @Test(
        "a value that is none is shown, with what was expected",
        arguments: [
            ("input: 5", "orders.yaml line 3: input must be a mapping (key: value)."),
            ("columns: { a: b }", "orders.yaml line 3: columns must be a list."),
            ("columns: [a]", "orders.yaml line 3: columns must be a mapping (key: value)."),
            ("input: { header: perhaps }", #"orders.yaml line 3: header must be true or false, found "perhaps"."#),
            ("input: { format: xml }", #"orders.yaml line 3: format must be one of csv, json, jsonl, parquet, found "xml"."#),
            (
                "input: { delimiter: ':::::::::' }",
                #"orders.yaml line 3: delimiter must be one to 8 ASCII characters, or \t; ":::::::::" is not."#
            ),
            (
                "input: { delimiter: é }",
                #"orders.yaml line 3: delimiter must be one to 8 ASCII characters, or \t; "é" is not."#
            ),
            ("input: { row_end: '&|' }", "orders.yaml line 3: row_end must end in \\n."),
            (
                "input: { encoding: klingon }",
                #"orders.yaml line 3: encoding is wrong: There is no encoding "klingon". Names are those of iconv (iconv -l lists them), for example utf-8, utf-16, windows-1252, iso-8859-15, shift_jis."#
            ),
            ("input: { \"null\": { a: b } }", "orders.yaml line 3: null must be a list of texts."),
            (
                "columns: [{ name: a, format: 'dd/qq/yyyy' }]",
                #"orders.yaml line 3: format "dd/qq/yyyy" is no pattern for a date or a time: write it like %d/%m/%Y %H:%M:%S, or dd/MM/yyyy HH:mm:ss."#
            ),
            (
                "columns: [{ name: a, type: timestamptz, format: '%d/%m/%Y' }]",
                #"orders.yaml line 3: format "%d/%m/%Y" does not go with the type timestamptz: a timestamptz needs an offset (%z) or a zone, the others have none."#
            ),
            (
                "columns: [{ name: a, format: '%d/%m/%Y', zone: Mars }]",
                #"orders.yaml line 3: zone must be UTC or an offset like "+01:00"; "Mars" is not."#
            ),
            ("columns: [{ name: a, decimal_separator: ',' }]", "orders.yaml line 3: decimal_separator needs a type that is a number."),
            (
                "columns: [{ name: a, type: int64, thousands_separator: '.' }]",
                #"orders.yaml line 3: thousands_separator must be one character, like ".", and not the decimal separator."#
            ),
            (
                "columns: [{ name: a, type: int64, currency: '5' }]",
                #"orders.yaml line 3: currency must be a sign or a code, like "$" or "EUR"."#
            ),
            ("rows: { on_error: skip }", #"orders.yaml line 3: on_error must be one of abort, reject, found "skip"."#),
            (
                "rows: { max_rejects: -1 }",
                #"orders.yaml line 3: max_rejects must be a whole number from 0 to 9223372036854775807, found "-1"."#
            ),
            ("rows: { max_reject_ratio: 1.5 }", #"orders.yaml line 3: max_reject_ratio must be a number from 0.0 to 1.0, found "1.5"."#),
            (
                "match: { key: '{a' }",
                #"orders.yaml line 3: key is no pattern: "{a" has a brace without its other half, or too many alternatives."#
            ),
            ("match: { bucket: [a] }", "orders.yaml line 3: bucket must be text."),
            (
                "columns: [{ name: a, type: varchar }]",
                #"orders.yaml line 3: type "varchar" is none of ours: bool int16 int32 int64 float32 float64 decimal(p,s) date time timestamp timestamptz text bytes uuid json."#
            ),
            (
                "columns: [{ name: a, type: 'decimal(39,2)' }]",
                #"orders.yaml line 3: type "decimal(39,2)" is none of ours: bool int16 int32 int64 float32 float64 decimal(p,s) date time timestamp timestamptz text bytes uuid json."#
            ),
            ("columns: [{ name: a }, { name: a }]", #"orders.yaml line 3: name "a" is declared twice."#),
            ("output: { csv: {}, jsonl: {} }", "orders.yaml line 3: jsonl is a second output; a pipeline writes one format."),
            (
                "output: { csv: { compression: bzip2 } }",
                #"orders.yaml line 3: compression must be one of zstd, gzip, snappy, lz4, brotli, none, found "bzip2"."#
            ),
            (
                "output: { csv: { compression_level: 23 } }",
                #"orders.yaml line 3: compression_level must be a whole number from 1 to 22, found "23"."#
            ),
            ("output: { parquet: { partition_by: [a, a] } }", "orders.yaml line 3: partition_by names a column twice."),
            ("output: { parquet: { file_bytes: 1GB5 } }", #"orders.yaml line 3: file_bytes must be bytes, or like 128MiB, found "1GB5"."#),
            (
                "output: { parquet: { page_version: 3 } }",
                #"orders.yaml line 3: page_version must be a whole number from 1 to 2, found "3"."#
            ),
            (
                "output: { parquet: { metadata: { landfall.job_id: x } } }",
                "orders.yaml line 3: landfall.job_id begins like our own keys (landfall.…); choose another name."
            ),
            (
                "output: { parquet: { compression: gzip, compression_level: 10 } }",
                "orders.yaml line 3: compression_level of gzip must be from 1 to 9, found 10."
            ),
            (
                "output: { parquet: { compression: snappy, compression_level: 1 } }",
                "orders.yaml line 3: compression_level the compression snappy has no levels; leave it out."
            ),
            (
                "target: { postgres: { table: t, mode: merge } }",
                #"orders.yaml line 3: mode must be one of append, replace, upsert, replace_slice, scd2, found "merge"."#
            ),
            ("target: { postgres: { table: t, mode: upsert } }", "orders.yaml line 3: mode upsert needs key: [column, …]."),
            (
                "target: { postgres: { table: a.b.c } }",
                "orders.yaml line 3: table The table name `a.b.c` is not `table` or `schema.table`. Put a part that contains a dot or a quote between double quotes."
            ),
            ("resend: again", #"orders.yaml line 3: resend must be one of append, replace, reject, found "again"."#),
            ("lineage: 5", "orders.yaml line 3: lineage must be a mapping (key: value)."),
        ])
    func badValues(_ rest: String, _ message: String) {
        #expect(Self.failure(rest) == Failure(.permanent, "settings.bad_value", message))
    }

    @Test(
        "a name that could not stand in a path or a URI is refused",
        arguments: ["''", "a b", "-a", ".a", "a/b", "é", String(repeating: "a", count: 101)])
    func names(_ name: String) {
        #expect(
            Self.failure(whole: "name: \(name)\nworkflow: convertor")
                == Failure(
                    .permanent, "settings.bad_value",
                    "orders.yaml line 1: name may hold letters, digits, '-', '_' and '.', at most 100, and begins with a letter or digit."))
    }

    @Test("a loader writes Parquet only")
    func loaderOutput() {
        #expect(
            Self.failure(whole: "name: a\nworkflow: loader\ntarget: { postgres: { table: t } }\noutput: { csv: {} }")
                == Failure(.permanent, "settings.bad_value", "orders.yaml line 4: csv cannot be a loader's output; it writes Parquet."))
    }

    @Test(
        "what a later version will do is refused by name",
        arguments: [
            (
                "transform: [{ filter: x }]",
                "orders.yaml line 3: transform is not supported yet: filters, expressions and masks come with a later version."
            ),
            ("target: { redshift: { table: t } }", "orders.yaml line 3: redshift is not supported yet: it comes with a later version."),
            (
                "target: { postgres: { table: t, mode: scd2 } }",
                "target.postgres.mode: scd2 is not supported yet; append, replace and upsert are."
            ),
            (
                "target: { postgres: { table: t, mode: replace_slice } }",
                "target.postgres.mode: replace_slice is not supported yet; append, replace and upsert are."
            ),
            ("schema: { mode: evolve }", "schema.mode: evolve is not supported yet; leave it out, or use frozen."),
            ("schema: { unknown: rescue }", "schema.unknown: rescue is not supported yet; add, drop and reject are."),
        ])
    func unsupported(_ rest: String, _ message: String) {
        #expect(Self.failure(rest) == Failure(.permanent, "pipeline.unsupported", message))
    }

    @Test("a loader takes an archive's members as one data set")
    func loaderMembers() {
        let text = "name: a\nworkflow: loader\ninput: { members: separate }\ntarget: { postgres: { table: t } }"
        #expect(
            Self.failure(whole: text)
                == Failure(
                    .permanent, "pipeline.unsupported",
                    "orders.yaml: input.members: separate is for convertors, because a load has one table. Give each kind of member a "
                        + "pipeline, with input.member."))
    }

    @Test("the warehouse workflow is refused by name")
    func warehouse() {
        #expect(
            Self.failure(whole: "name: a\nworkflow: warehouse")
                == Failure(.permanent, "pipeline.unsupported", "orders.yaml: workflow warehouse is not supported yet."))
    }

    @Test(
        "a file that is no mapping is refused",
        arguments: [
            ("", "settings.bad_yaml", "orders.yaml is empty."),
            ("- a\n- b", "settings.bad_value", "orders.yaml line 1: orders.yaml must be a mapping (key: value)."),
            ("name: a\nname: b", "settings.repeated_key", #"orders.yaml line 1: the key "name" stands twice."#),
            ("[a]: b", "settings.bad_yaml", "orders.yaml line 1: a key must be plain text."),
        ])
    func shape(_ text: String, _ code: String, _ message: String) {
        #expect(Self.failure(whole: text) == Failure(.permanent, code, message))
    }

    @Test(
        "broken YAML is told with its line, in one sentence",
        arguments: [
            ("name: [a", "orders.yaml line 2 is not YAML: did not find expected ',' or ']'."),
            ("name: a\n\tworkflow: b", "orders.yaml line 2 is not YAML: found a tab character that violates indentation."),
            ("a: 'b", "orders.yaml line 1 is not YAML: found unexpected end of stream."),
            ("name: *nowhere", "orders.yaml line 1 is not YAML: found undefined alias."),
        ])
    func broken(_ text: String, _ message: String) {
        #expect(Self.failure(whole: text) == Failure(.permanent, "settings.bad_yaml", message))
    }
}
