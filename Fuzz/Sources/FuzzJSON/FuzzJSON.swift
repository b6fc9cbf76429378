@testable import AWS
import HTTP

/// Any bytes as JSON: items and errors must be refused or read; an item that was read is the same after a round trip.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzJSON(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    if let item = try? JSONBody.decode(DynamoItem.self, bytes) {
        let again = (try? JSONBody.encode(item)).flatMap { try? JSONBody.decode(DynamoItem.self, $0) }
        precondition(again == item, "an item that was written is not the one that was read")
    }
    _ = WireError(HTTPResponse(status: 400, body: bytes), format: .json)
    _ = try? TemporaryKeys.read(HTTPResponse(status: 200, body: bytes), source: "fuzz")
    return 0
}
