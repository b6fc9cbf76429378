import Columns
import Testing

@testable import SQL

@Suite("Cells that PostgreSQL cannot hold")
struct UnstorableCellTests {
    @Test("they are found by row, then by column, and nulls are none")
    func finds() {
        let batch = ColumnBatch(
            schema: Schema([
                Column(name: "a", type: .text), Column(name: "d", type: .date), Column(name: "t", type: .time),
                Column(name: "z", type: .timestamptz), Column(name: "b", type: .bytes),
            ]),
            columns: [
                texts(["x", "y\0", nil, "\0"]),
                ColumnVector(
                    type: .date, values: .int64([0, -2_440_588, -9_000_000, 2_145_042_906]),
                    valid: [true, true, false, true]),
                ColumnVector(type: .time, values: .int64([0, 86_400_000_000, 5, 5]), valid: [true, true, true, true]),
                ColumnVector(type: .timestamptz, values: .int64([.min, 0, .max, 0]), valid: [true, true, true, true]),
                ColumnVector(
                    type: .bytes, values: .bytes(byteValues([[0], [], [], []])), valid: [true, true, true, true]),
            ], recordNumbers: [1, 2, 3, 4])
        #expect(
            UnstorableCell.all(in: batch).map { "\($0.row) \($0.column) \($0.code)" } == [
                "0 3 value.date_out_of_range", "1 0 value.nul_byte", "1 2 value.time_out_of_range",
                "3 0 value.nul_byte",
                "3 1 value.date_out_of_range",
            ])
    }

    @Test(
        "JSON with a NUL or half a surrogate pair is one of them",
        arguments: [
            (#"{"a": "b\\u0000"}"#, nil), (#"{"a": "\u0000"}"#, "value.nul_byte"), (#""\ud83d\ude00""#, nil),
            (#""\ud83d""#, "value.bad_json"), (#""\ude00""#, "value.bad_json"), (#""\ud83dx\ude00""#, "value.bad_json"),
            (#""\ud83d\n""#, "value.bad_json"), (#""\ud83d\ud83d\ude00""#, "value.bad_json"), (#""\"\t\u00e9""#, nil),
            ("[1, 2]", nil), (#""\u00000""#, "value.nul_byte"),
        ])
    func json(text: String, code: String?) {
        let batch = ColumnBatch(
            schema: Schema([Column(name: "j", type: .json)]), columns: [texts([text], type: .json)], recordNumbers: [1])
        #expect(UnstorableCell.all(in: batch).map(\.code) == (code.map { [$0] } ?? []))
    }
}
