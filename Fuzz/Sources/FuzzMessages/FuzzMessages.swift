import Arrivals

/// Any bytes as a message's body: the reading is total, and what it finds it finds again.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzMessages(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let body = String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    let reading = MessageReading(body: body)
    precondition("\(reading)" == "\(MessageReading(body: body))", "one body is read in two ways")
    return 0
}
