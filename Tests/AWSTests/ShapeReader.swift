import Foundation
import HTTP

@testable import AWS

/// JSON of any shape, as our decoder reads it.
enum JSONTree: Decodable {
    case object([String: JSONTree])
    case list([JSONTree])
    case text(String)
    case number(Double)
    case integer(Int64)
    case bool(Bool)
    case null

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let bool = try? value.decode(Bool.self) {
            self = .bool(bool)
        } else if let integer = try? value.decode(Int64.self) {
            self = .integer(integer)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else if let text = try? value.decode(String.self) {
            self = .text(text)
        } else if let list = try? value.decode([JSONTree].self) {
            self = .list(list)
        } else {
            self = .object(try value.decode([String: JSONTree].self))
        }
    }
}

/// Reads answers by the shapes of the published cases with nothing but our own readers of XML, JSON, times and headers.
///
/// Values come as the cases write them: dictionaries, lists, and texts for all else (see ``plain(_:)``).
struct ShapeReader {
    typealias Object = [String: Any]

    let shapes: Object

    /// A value of a case in the spelling that this reader gives.
    static func plain(_ value: Any) -> AnyHashable {
        switch value {
        case let object as Object: AnyHashable(object.mapValues(plain))
        case let list as [Any]: AnyHashable(list.map(plain))
        case let text as String: AnyHashable(text)
        case let number as NSNumber:
            CFGetTypeIDIsBool(number) ? AnyHashable(number.boolValue ? "true" : "false") : AnyHashable(spelled(number.doubleValue))
        default: AnyHashable("null")
        }
    }

    private static func CFGetTypeIDIsBool(_ number: NSNumber) -> Bool { String(cString: number.objCType) == "c" }
    private static func spelled(_ number: Double) -> String { "\(number)" }

    private func shape(_ reference: Object) -> Object { shapes[reference["shape"] as? String ?? ""] as? Object ?? [:] }

    /// The member's own words come before those of its shape.
    private func word(_ name: String, _ reference: Object) -> String? {
        reference[name] as? String ?? shape(reference)[name] as? String
    }

    // MARK: leaves

    private func leaf(_ text: String, _ reference: Object) -> AnyHashable? {
        switch shape(reference)["type"] as? String {
        case "timestamp": time(text, word("timestampFormat", reference)).map { AnyHashable(Self.spelled($0)) }
        case "blob": JSONBody.bytes(base64: text).map { AnyHashable(String(decoding: $0, as: UTF8.self)) }
        case "integer", "long", "float", "double", "byte", "short":
            AnyHashable(["NaN", "Infinity", "-Infinity"].contains(text) ? text : Double(text).map(Self.spelled) ?? "no number")
        default: AnyHashable(text)
        }
    }

    private func time(_ text: String, _ format: String?) -> Double? {
        switch format {
        case "unixTimestamp": Double(text)
        case "rfc822": TimeText.http(text).map(Double.init)
        default: (TimeText.iso8601(text) ?? TimeText.http(text)).map(Double.init) ?? Double(text)
        }
    }

    // MARK: JSON

    func json(_ tree: JSONTree, _ reference: Object) -> AnyHashable? {
        let shape = shape(reference)
        switch tree {
        case .null: return nil
        case .bool(let bool): return AnyHashable(bool ? "true" : "false")
        case .integer(let number): return AnyHashable(Self.spelled(Double(number)))
        case .number(let number): return AnyHashable(Self.spelled(number))
        case .text(let text): return leaf(text, reference)
        case .list(let list): return AnyHashable(list.compactMap { json($0, shape["member"] as? Object ?? [:]) })
        case .object(let object):
            if shape["type"] as? String == "map" {
                return AnyHashable(object.compactMapValues { json($0, shape["value"] as? Object ?? [:]) })
            }
            guard let members = shape["members"] as? Object, shape["document"] as? Bool != true else {
                return AnyHashable(object.compactMapValues { json($0, [:]) })
            }
            var found: [String: AnyHashable] = [:]
            for (name, member) in members {
                guard let member = member as? Object else { continue }
                found[name] = object[member["locationName"] as? String ?? name].flatMap { json($0, member) }
            }
            return AnyHashable(found)
        }
    }

    // MARK: XML

    /// The members of a structure that stand in an element.
    func structure(_ element: XMLElement, _ reference: Object) -> [String: AnyHashable] {
        var found: [String: AnyHashable] = [:]
        for (name, member) in shape(reference)["members"] as? Object ?? [:] {
            guard let member = member as? Object, ["header", "headers", "statusCode"].allSatisfy({ member["location"] as? String != $0 })
            else { continue }
            found[name] = xml(in: element, member["locationName"] as? String ?? name, member)
        }
        return found
    }

    /// What stands in a parent under a member's name.
    private func xml(in parent: XMLElement, _ name: String, _ member: Object) -> AnyHashable? {
        let shape = shape(member)
        let isFlat = member["flattened"] as? Bool ?? shape["flattened"] as? Bool ?? false
        switch shape["type"] as? String {
        case "list":
            let item = shape["member"] as? Object ?? [:]
            let itemName = item["locationName"] as? String
            if isFlat {
                let items = parent.all(name)
                return items.isEmpty ? nil : AnyHashable(items.compactMap { value($0, item) })
            }
            return parent[name].map { AnyHashable($0.all(itemName ?? "member").compactMap { value($0, item) }) }
        case "map":
            let entries = isFlat ? parent.all(name) : parent[name]?.all("entry")
            guard let entries, !(isFlat && entries.isEmpty) else { return nil }
            return AnyHashable(map(entries, shape))
        default: return parent[name].flatMap { value($0, member) }
        }
    }

    private func map(_ entries: [XMLElement], _ shape: Object) -> [String: AnyHashable] {
        let key = shape["key"] as? Object ?? [:]
        let item = shape["value"] as? Object ?? [:]
        var found: [String: AnyHashable] = [:]
        for entry in entries {
            guard let name = entry.text(key["locationName"] as? String ?? "key") else { continue }
            found[name] = xml(in: entry, item["locationName"] as? String ?? "value", item)
        }
        return found
    }

    /// The value that an element is.
    private func value(_ element: XMLElement, _ reference: Object) -> AnyHashable? {
        let shape = shape(reference)
        switch shape["type"] as? String {
        case "structure": return AnyHashable(structure(element, reference))
        case "list":
            let item = shape["member"] as? Object ?? [:]
            return AnyHashable(element.all(item["locationName"] as? String ?? "member").compactMap { value($0, item) })
        case "map": return AnyHashable(map(element.all("entry"), shape))
        default: return leaf(element.text, reference)
        }
    }

    // MARK: answers

    /// An answer of awsJson.
    func json(_ response: HTTPResponse, _ output: Object) throws -> AnyHashable? {
        json(try JSONBody.decode(JSONTree.self, response.body), output)
    }

    /// An answer of the query protocol.
    func query(_ response: HTTPResponse, _ action: String, _ output: Object) throws -> AnyHashable? {
        if response.body.isEmpty { return AnyHashable([String: AnyHashable]()) }
        let root = try XMLReader.read(response.body)
        return AnyHashable(root["\(action)Result"].map { structure($0, output) } ?? [:])
    }

    /// An answer of restXml: members stand in the status, in headers, or in the body, which one of them may be.
    func restXML(_ response: HTTPResponse, _ output: Object) throws -> AnyHashable? {
        let shape = shape(output)
        let members = shape["members"] as? Object ?? [:]
        var found: [String: AnyHashable] = [:]
        if let payload = shape["payload"] as? String, let member = members[payload] as? Object {
            if !response.body.isEmpty {
                found[payload] =
                    self.shape(member)["type"] as? String == "structure"
                    ? AnyHashable(structure(try XMLReader.read(response.body), member))
                    : AnyHashable(String(decoding: response.body, as: UTF8.self))
            }
        } else if !response.body.isEmpty {
            found = structure(try XMLReader.read(response.body), output)
        }
        for (name, member) in members {
            guard let member = member as? Object else { continue }
            let place = member["locationName"] as? String ?? name
            switch member["location"] as? String {
            case "statusCode": found[name] = AnyHashable(Self.spelled(Double(response.status)))
            case "header": found[name] = response.headers[place].flatMap { leaf($0, member) }
            case "headers":
                var map: [String: AnyHashable] = [:]
                for field in response.headers.fields where field.name.lowercased().hasPrefix(place.lowercased()) {
                    map[String(field.name.dropFirst(place.count))] = AnyHashable(field.value)
                }
                found[name] = AnyHashable(map)
            default: break
            }
        }
        return AnyHashable(found)
    }
}
