import Columns
import Jobs
import Tabular

/// The keys of a pipeline's column that say how its values are spelled.
enum FormatKeys {
    /// Nil where nothing is declared. A pattern says what the type is, where that is left out.
    static func read(_ section: inout YAMLMapping, type: inout ColumnType?) throws(Failure) -> ValueFormat? {
        var format = ValueFormat()
        format.moment = try moment(&section, &type)
        format.number = try number(&section, type)
        format.nulls = (try section.strings("null") ?? []).filter { !$0.isEmpty }.map { Array($0.utf8) }
        return format.unlessEmpty
    }

    private static func moment(_ section: inout YAMLMapping, _ type: inout ColumnType?) throws(Failure) -> MomentPattern? {
        let text = try section.string("format")
        let zone = try section.string("zone")
        guard let text else {
            guard zone == nil else { throw section.failure("zone", "needs a format that it goes with.") }
            return nil
        }
        guard var pattern = MomentPattern(text), let described = pattern.type else {
            throw section.failure(
                "format", "\"\(text)\" is no pattern for a date or a time: write it like %d/%m/%Y %H:%M:%S, or dd/MM/yyyy HH:mm:ss.")
        }
        if let zone {
            guard let offset = MomentPattern.zone(named: zone) else {
                throw section.failure("zone", "must be UTC or an offset like \"+01:00\"; \"\(zone)\" is not.")
            }
            guard !pattern.hasOffset else { throw section.failure("zone", "does not go with a format that has an offset.") }
            pattern.zone = offset
        }
        let found = type ?? pattern.type ?? described
        let fits =
            switch found {
            case .date: pattern.hasDate && !pattern.hasOffset && zone == nil
            case .timestamp: pattern.hasDate && !pattern.hasOffset && zone == nil
            case .timestamptz: pattern.hasDate && (pattern.hasOffset || zone != nil)
            case .time: pattern.type == .time
            default: false
            }
        guard fits else {
            throw section.failure(
                "format",
                "\"\(text)\" does not go with the type \(found): a timestamptz needs an offset (%z) or a zone, the others have none.")
        }
        type = found
        return pattern
    }

    private static func number(_ section: inout YAMLMapping, _ type: ColumnType?) throws(Failure) -> NumberSpelling? {
        let decimal = try section.string("decimal_separator")
        let thousands = try section.string("thousands_separator")
        let currency = try section.string("currency")
        let percent = try section.choice("percent", NumberSpelling.Percent.allCases.map(\.rawValue))
        guard
            let key = [(decimal, "decimal_separator"), (thousands, "thousands_separator"), (currency, "currency"), (percent, "percent")]
                .first(where: { $0.0 != nil })?.1
        else { return nil }
        guard let type, isNumber(type) else { throw section.failure(key, "needs a type that is a number.") }
        var spelling = NumberSpelling()
        if let decimal {
            guard decimal.utf8.count == 1, let byte = decimal.utf8.first, isMark(byte) else {
                throw section.failure("decimal_separator", "must be one character, like \",\".")
            }
            spelling.decimal = byte
        }
        if let thousands {
            let bytes = Array(thousands.utf8)
            guard thousands.count == 1, bytes.count > 1 || isMark(bytes[0]), bytes != [spelling.decimal] else {
                throw section.failure("thousands_separator", "must be one character, like \".\", and not the decimal separator.")
            }
            spelling.thousands = bytes
        }
        if let currency {
            let bytes = Array(currency.utf8)
            guard (1...8).contains(bytes.count), !bytes.contains(where: { $0 &- 48 < 10 || "+-.,()%".utf8.contains($0) }) else {
                throw section.failure("currency", "must be a sign or a code, like \"$\" or \"EUR\".")
            }
            spelling.currency = bytes
        }
        spelling.percent = percent.flatMap(NumberSpelling.Percent.init)
        return spelling
    }

    private static func isNumber(_ type: ColumnType) -> Bool {
        switch type {
        case .int16, .int32, .int64, .float32, .float64, .decimal: true
        default: false
        }
    }

    private static func isMark(_ byte: UInt8) -> Bool { byte == 32 || ".,'_:;".utf8.contains(byte) }
}
