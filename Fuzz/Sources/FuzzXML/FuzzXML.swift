@testable import AWS
import HTTP

/// Any bytes as XML: the reader must refuse or read them, within its limits; so must the error reader over it.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzXML(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    if let root = try? XMLReader.read(bytes) {
        // what was read can be written and read again
        let again = try? XMLReader.read(Array(written(root).utf8))
        precondition(again == root, "an element that was written is not the one that was read")
    }
    _ = WireError(HTTPResponse(status: 400, body: bytes), format: .xml)
    return 0
}

private func written(_ element: XMLElement) -> String {
    let inside = element.children.map(written).joined()
    return "<\(element.name)>\(escapedXML(element.text))\(inside)</\(element.name)>"
}
