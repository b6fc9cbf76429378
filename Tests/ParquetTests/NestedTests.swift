import Columns
import Foundation
import Testing

@testable import Parquet

@Suite("Nested columns", .enabled(if: Python.isReady))
struct NestedTests {
    let folder: TestFolder

    init() throws { folder = try TestFolder() }

    /// Runs a script that writes `folder/nested` with pyarrow, and reads it.
    private func read(
        _ script: String, columns: [String]? = nil, _ options: ParquetReadOptions = ParquetReadOptions(), batchRows: Int = 1000
    ) throws -> [(column: Column, values: [String?])] {
        try Python.run("import sys, json, pyarrow as pa, pyarrow.parquet as pq\npath = sys.argv[1]\n" + script, [folder.path("nested")])
        let reader = try ParquetReader(path: folder.path("nested"), columns: columns, options: options)
        var values = reader.schema.columns.map { _ in [String?]() }
        while let batch = try reader.nextBatch(maxRows: batchRows) {
            for (index, vector) in batch.columns.enumerated() {
                values[index] += (0..<vector.count).map { vector.text(row: $0) }
            }
        }
        return zip(reader.schema.columns, values).map { ($0, $1) }
    }

    /// Structures in structures, lists of structures of lists, maps, at all places null and empty.
    private static let people = """
        item = pa.struct([('k', pa.string()), ('v', pa.list_(pa.int32()))])
        schema = pa.schema([
            pa.field('id', pa.int64(), nullable=False),
            pa.field('who', pa.struct([('name', pa.string()), ('at', pa.struct([('city', pa.string()), ('zip', pa.int32())]))])),
            pa.field('tags', pa.list_(pa.string())),
            pa.field('items', pa.list_(item)),
            pa.field('map', pa.map_(pa.string(), pa.float64())),
            pa.field('deep', pa.list_(pa.list_(pa.list_(pa.bool_())))),
        ])
        rows = [
            {'id': 1, 'who': {'name': 'a', 'at': {'city': 'x', 'zip': 1}}, 'tags': ['p', None, 'q "r"'],
             'items': [{'k': 'k1', 'v': [1, 2]}, {'k': None, 'v': []}], 'map': [('m', 1.5), ('n', None)], 'deep': [[[True], []], []]},
            {'id': 2, 'who': None, 'tags': None, 'items': None, 'map': None, 'deep': None},
            {'id': 3, 'who': {'name': None, 'at': None}, 'tags': [], 'items': [], 'map': [], 'deep': [[[None, False]], None, [None]]},
            {'id': 4, 'who': {'name': 'd', 'at': {'city': None, 'zip': 4}}, 'tags': ['ä\\n'], 'items': [None, {'k': 'z', 'v': None}],
             'map': [('', 2.0)], 'deep': []},
        ]
        table = pa.Table.from_pylist(rows, schema)
        """

    private static let lists: [String: [String?]] = [
        "tags": ["[\"p\",null,\"q \\\"r\\\"\"]", nil, "[]", "[\"ä\\n\"]"],
        "items": [
            "[{\"k\":\"k1\",\"v\":[1,2]},{\"k\":null,\"v\":[]}]", nil, "[]", "[null,{\"k\":\"z\",\"v\":null}]",
        ],
        "map": ["{\"m\":1.5,\"n\":null}", nil, "{}", "{\"\":2.0}"],
        "deep": ["[[[true],[]],[]]", nil, "[[[null,false]],null,[null]]", "[]"],
    ]

    @Test("structures become columns, lists and maps JSON", arguments: ["'1.0'", "'2.0'"])
    func columns(version: String) throws {
        let columns = try read(Self.people + "\npq.write_table(table, path, data_page_version=\(version), compression='brotli')")
        #expect(columns.map(\.column.name) == ["id", "who.name", "who.at.city", "who.at.zip", "tags", "items", "map", "deep"])
        #expect(columns.map(\.column.type) == [.int64, .text, .text, .int32, .json, .json, .json, .json])
        #expect(columns.map(\.column.nullable) == [false, true, true, true, true, true, true, true])
        #expect(columns[1].values == ["a", nil, nil, "d"])
        #expect(columns[2].values == ["x", nil, nil, nil])
        #expect(columns[3].values == ["1", nil, nil, "4"])
        for (column, values) in columns { if let expected = Self.lists[column.name] { #expect(values == expected) } }
    }

    @Test("structures become JSON where that is asked for")
    func json() throws {
        let columns = try read(Self.people + "\npq.write_table(table, path)", ParquetReadOptions(structures: .json), batchRows: 3)
        #expect(columns.map(\.column.name) == ["id", "who", "tags", "items", "map", "deep"])
        #expect(
            columns[1].values == [
                "{\"name\":\"a\",\"at\":{\"city\":\"x\",\"zip\":1}}", nil, "{\"name\":null,\"at\":null}",
                "{\"name\":\"d\",\"at\":{\"city\":null,\"zip\":4}}",
            ])
    }

    @Test("columns are chosen by their own names and by those of structures")
    func projection() throws {
        let columns = try read(Self.people + "\npq.write_table(table, path)", columns: ["deep", "who.at", "id"])
        #expect(columns.map(\.column.name) == ["deep", "who.at.city", "who.at.zip", "id"])
        #expect(columns[3].values == ["1", "2", "3", "4"])
        let error = #expect(throws: ParquetError.self) {
            try ParquetReader(path: folder.path("nested"), columns: ["who.a"])
        }
        #expect(error?.message == "\(folder.path("nested")): There is no column \"who.a\".")
    }

    @Test("many rows over many pages and row groups stay in step", arguments: ["'1.0'", "'2.0'"])
    func manyRows(version: String) throws {
        let columns = try read(
            """
            rows = [{'i': i, 'l': None if i % 7 == 0 else [{'a': i * j, 'b': ['x' * (j % 5)] * (j % 3)} for j in range(i % 11)]}
                for i in range(20000)]
            schema = pa.schema([('i', pa.int64()), ('l', pa.list_(pa.struct([('a', pa.int64()), ('b', pa.list_(pa.string()))])))])
            pq.write_table(pa.Table.from_pylist(rows, schema), path, data_page_size=2000, row_group_size=7001, write_batch_size=64,
                data_page_version=\(version), use_dictionary=['l.list.element.b.list.element'])
            open(path + '.json', 'w').write('\\n'.join(json.dumps(r['l'], separators=(',', ':')) for r in rows))
            """, batchRows: 777)
        let expected = try String(contentsOfFile: folder.path("nested.json"), encoding: .utf8).split(separator: "\n").map(String.init)
        #expect(firstDifference(columns[0].values, (0..<20000).map { String($0) }) == nil)
        #expect(firstDifference(columns[1].values.map { $0 ?? "null" }, expected) == nil)
    }

    /// A schema as text: depth by leading dots; `name type repetition annotation`.
    private static func shape(_ lines: [(String, Repetition, PhysicalType?, ConvertedType?, Int32)]) throws -> [ColumnPlan] {
        var root = SchemaElement(name: "root")
        root.childCount = 1
        let elements = lines.map { name, repetition, type, converted, children in
            var element = SchemaElement(name: name)
            element.repetition = repetition
            element.type = type
            element.converted = converted
            if type == nil { element.childCount = children }
            return element
        }
        let (roots, _) = try SchemaNode.tree(of: [root] + elements)
        return ColumnPlan.columns(roots, structures: .columns)
    }

    /// The shape in words: `list(value)`.
    private static func words(_ shape: NestedShape) -> String {
        switch shape.kind {
        case .value: "value"
        case .structure(let members): "{" + members.map { "\($0.name):\(words($0.shape))" }.joined(separator: ",") + "}"
        case .list(let element, _, _): "list(\(words(element)))"
        case .map(let key, let value, _, _): "map(\(words(key)),\(words(value)))"
        }
    }

    @Test("the lists and maps of old writers are what the format's rules say")
    func legacy() throws {
        let cases: [(String, [(String, Repetition, PhysicalType?, ConvertedType?, Int32)])] = [
            ("list(value)", [("l", .optional, nil, .list, 1), ("list", .repeated, nil, nil, 1), ("element", .optional, .int32, nil, 0)]),
            ("list(value)", [("l", .optional, nil, .list, 1), ("element", .repeated, .int32, nil, 0)]),
            (
                "list({a:value,b:value})",
                [
                    ("l", .optional, nil, .list, 1), ("element", .repeated, nil, nil, 2), ("a", .required, .int32, nil, 0),
                    ("b", .required, .int32, nil, 0),
                ]
            ),
            ("list({a:value})", [("l", .optional, nil, .list, 1), ("array", .repeated, nil, nil, 1), ("a", .required, .int32, nil, 0)]),
            ("list({a:value})", [("l", .optional, nil, .list, 1), ("l_tuple", .repeated, nil, nil, 1), ("a", .required, .int32, nil, 0)]),
            (
                "list(list(value))",
                [("l", .optional, nil, .list, 1), ("array", .repeated, nil, .list, 1), ("array", .repeated, .int32, nil, 0)]
            ),
            (
                "list({a:list(value)})",
                [("l", .optional, nil, .list, 1), ("bag", .repeated, nil, nil, 1), ("a", .repeated, .int32, nil, 0)]
            ),
            ("list(value)", [("l", .repeated, .int32, nil, 0)]),
            ("list({a:value})", [("l", .repeated, nil, nil, 1), ("a", .optional, .int32, nil, 0)]),
            (
                "map(value,value)",
                [
                    ("m", .optional, nil, .map, 1), ("key_value", .repeated, nil, nil, 2), ("key", .required, .byteArray, .utf8, 0),
                    ("value", .optional, .int32, nil, 0),
                ]
            ),
            (
                "map(value,value)",
                [
                    ("m", .optional, nil, .mapKeyValue, 1), ("map", .repeated, nil, nil, 2), ("k", .required, .byteArray, .utf8, 0),
                    ("num", .required, .int32, nil, 0),
                ]
            ),
            ("list(value)", [("m", .optional, nil, .map, 1), ("map", .repeated, nil, .mapKeyValue, 1), ("k", .required, .int32, nil, 0)]),
        ]
        for (expected, lines) in cases {
            let plans = try Self.shape(lines)
            guard case .json(let shape) = try #require(plans.first).source else { Issue.record("\(expected): no JSON"); continue }
            #expect(Self.words(shape) == expected, "\(lines.map(\.0))")
        }
    }
}
