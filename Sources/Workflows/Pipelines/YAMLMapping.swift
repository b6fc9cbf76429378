import Jobs
import Yams

/// One mapping of a YAML file, read key by key; whatever was not asked for is an error that names the nearest key.
package struct YAMLMapping {
    private let members: [(key: String, node: Node)]
    /// `orders.yaml` and where in it: for messages.
    private let place: String
    private let file: String
    private var asked: [String] = []

    /// Reads a file's text, which must be one mapping.
    package init(text: String, file: String) throws(Failure) {
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            throw Self.failure(error, file)
        }
        guard let root else { throw Failure(.permanent, "settings.bad_yaml", "\(file) is empty.") }
        try self.init(root, place: file, file: file)
    }

    private init(_ node: Node, place: String, file: String) throws(Failure) {
        guard case .mapping(let mapping) = node else {
            throw Failure(.permanent, "settings.bad_value", "\(Self.at(node, file)): \(place) must be a mapping (key: value).")
        }
        var members: [(key: String, node: Node)] = []
        for (key, value) in mapping {
            guard case .scalar(let name) = key else {
                throw Failure(.permanent, "settings.bad_yaml", "\(Self.at(key, file)): a key must be plain text.")
            }
            if members.contains(where: { $0.key == name.string }) {
                throw Failure(.permanent, "settings.repeated_key", "\(Self.at(key, file)): the key \"\(name.string)\" stands twice.")
            }
            members.append((name.string, value))
        }
        self.members = members
        self.place = place
        self.file = file
    }

    /// What the parser says, in one sentence; its own text would show the file's lines.
    private static func failure(_ error: any Error, _ file: String) -> Failure {
        switch error {
        case YamlError.duplicatedKeysInMapping(let keys, let context):
            Failure(
                .permanent, "settings.repeated_key",
                "\(file) line \(context.mark.line): the key \"\(keys.sorted().first ?? "")\" stands twice.")
        case YamlError.scanner(_, let problem, let mark, _), YamlError.parser(_, let problem, let mark, _),
            YamlError.composer(_, let problem, let mark, _):
            Failure(.permanent, "settings.bad_yaml", "\(file) line \(mark.line) is not YAML: \(problem).")
        default: Failure(.permanent, "settings.bad_yaml", "\(file) is not YAML: \(error)")
        }
    }

    private static func at(_ node: Node, _ file: String) -> String {
        node.mark.map { "\(file) line \($0.line)" } ?? file
    }

    package var keys: [String] { members.map(\.key) }

    private mutating func node(_ key: String) -> Node? {
        asked.append(key)
        guard let node = members.first(where: { $0.key == key })?.node else { return nil }
        if case .scalar(let scalar) = node, scalar.style == .plain, ["", "~", "null"].contains(scalar.string) { return nil }
        return node
    }

    private func bad(_ node: Node, _ key: String, _ expected: String) -> Failure {
        let found: String
        if case .scalar(let scalar) = node { found = ", found \"\(scalar.string)\"" } else { found = "" }
        return Failure(.permanent, "settings.bad_value", "\(Self.at(node, file)): \(key) must be \(expected)\(found).")
    }

    package mutating func string(_ key: String) throws(Failure) -> String? {
        guard let node = node(key) else { return nil }
        guard case .scalar(let scalar) = node else { throw bad(node, key, "text") }
        return scalar.string
    }

    package mutating func bool(_ key: String) throws(Failure) -> Bool? {
        guard let node = node(key) else { return nil }
        guard case .scalar(let scalar) = node, let value = Bool(scalar.string) else { throw bad(node, key, "true or false") }
        return value
    }

    package mutating func integer(_ key: String, in range: ClosedRange<Int>) throws(Failure) -> Int? {
        guard let node = node(key) else { return nil }
        guard case .scalar(let scalar) = node, let value = Int(scalar.string), range.contains(value) else {
            throw bad(node, key, "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    package mutating func number(_ key: String, in range: ClosedRange<Double>) throws(Failure) -> Double? {
        guard let node = node(key) else { return nil }
        guard case .scalar(let scalar) = node, let value = Double(scalar.string), range.contains(value) else {
            throw bad(node, key, "a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// One of a few words.
    package mutating func choice(_ key: String, _ words: [String]) throws(Failure) -> String? {
        guard let node = node(key) else { return nil }
        guard case .scalar(let scalar) = node, words.contains(scalar.string) else {
            throw bad(node, key, "one of \(words.joined(separator: ", "))")
        }
        return scalar.string
    }

    /// A list of texts; a single text is a list of one.
    package mutating func strings(_ key: String) throws(Failure) -> [String]? {
        guard let node = node(key) else { return nil }
        switch node {
        case .scalar(let scalar): return [scalar.string]
        case .sequence(let sequence):
            var texts: [String] = []
            for element in sequence {
                guard case .scalar(let scalar) = element else { throw bad(node, key, "a list of texts") }
                texts.append(scalar.string)
            }
            return texts
        default: throw bad(node, key, "a list of texts")
        }
    }

    package mutating func mapping(_ key: String) throws(Failure) -> YAMLMapping? {
        guard let node = node(key) else { return nil }
        return try YAMLMapping(node, place: key, file: file)
    }

    package mutating func mappings(_ key: String) throws(Failure) -> [YAMLMapping]? {
        guard let node = node(key) else { return nil }
        guard case .sequence(let sequence) = node else { throw bad(node, key, "a list") }
        var mappings: [YAMLMapping] = []
        for element in sequence { mappings.append(try YAMLMapping(element, place: key, file: file)) }
        return mappings
    }

    /// Refuses a key that the contract has but this version does not do yet.
    package mutating func refuse(_ key: String, because reason: String) throws(Failure) {
        guard let node = node(key) else { return }
        throw Failure(.permanent, "pipeline.unsupported", "\(Self.at(node, file)): \(key) is not supported yet: \(reason)")
    }

    /// Refuses all keys that were not asked for.
    package func finish() throws(Failure) {
        try refuseUnknown(besides: asked)
    }

    package func refuseUnknown(besides known: [String]) throws(Failure) {
        for (key, node) in members where !known.contains(key) {
            throw Failure(
                .permanent, "settings.unknown_key",
                "\(Self.at(node, file)): unknown key \"\(key)\" in \(place)\(Nearest.hint(for: key, among: known)).")
        }
    }

    package func require<Value>(_ value: Value?, _ key: String) throws(Failure) -> Value {
        guard let value else {
            throw Failure(.permanent, "settings.missing_key", "\(file): \(place) needs \(key).")
        }
        return value
    }

    /// An error about a value that was read.
    package func failure(_ key: String, _ message: String) -> Failure {
        let node = members.first { $0.key == key }?.node
        return Failure(.permanent, "settings.bad_value", "\(node.map { Self.at($0, file) } ?? file): \(key) \(message)")
    }
}
