/// One HTTP answer, with whatever status the server gave it.
package struct HTTPResponse: Sendable {
    package var status: Int
    package var headers: HTTPHeaders
    /// The body, or nothing where it went to a file.
    package var body: [UInt8]
    /// How much of the body went to a file.
    package var bytesWritten: Int64

    package init(status: Int, headers: HTTPHeaders = HTTPHeaders(), body: [UInt8] = [], bytesWritten: Int64 = 0) {
        self.status = status
        self.headers = headers
        self.body = body
        self.bytesWritten = bytesWritten
    }

    package var isSuccess: Bool { (200...299).contains(status) }
}

/// Header fields in the order they came, looked up by name without regard to case.
package struct HTTPHeaders: Sendable {
    package private(set) var fields: [(name: String, value: String)]

    package init(_ fields: [(name: String, value: String)] = []) {
        self.fields = fields
    }

    /// The first value of a name.
    package subscript(_ name: String) -> String? {
        let name = name.lowercased()
        return fields.first { $0.name.lowercased() == name }?.value
    }

    package func all(_ name: String) -> [String] {
        let name = name.lowercased()
        return fields.filter { $0.name.lowercased() == name }.map(\.value)
    }

    mutating func append(_ name: String, _ value: String) {
        fields.append((name: name, value: value))
    }
}
