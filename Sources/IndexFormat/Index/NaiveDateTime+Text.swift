extension NaiveDateTime {
  /// Reads all of `bytes`.
  public init?(text bytes: RawSpan) {
    var offset = 0
    guard let year = NaiveDateTime.field(bytes, &offset, maximumDigits: 4, then: UInt8(ascii: "-")),
      let month = NaiveDateTime.field(bytes, &offset, then: UInt8(ascii: "-")),
      let day = NaiveDateTime.field(bytes, &offset, then: UInt8(ascii: "T")),
      let hour = NaiveDateTime.field(bytes, &offset, then: UInt8(ascii: ":")),
      let minute = NaiveDateTime.field(bytes, &offset, then: UInt8(ascii: ":")),
      let second = NaiveDateTime.number(bytes, &offset, maximumDigits: 2),
      let nanosecond = NaiveDateTime.fraction(bytes, &offset)
    else { return nil }
    NaiveDateTime.skipSpace(bytes, &offset)
    guard offset == bytes.byteCount else { return nil }
    self.init(
      year: year,
      month: month,
      day: day,
      hour: hour,
      minute: minute,
      second: second,
      nanosecond: nanosecond
    )
  }

  /// A number and the character behind it, with white space between them or in front.
  private static func field(
    _ bytes: RawSpan,
    _ offset: inout Int,
    maximumDigits: Int = 2,
    then separator: UInt8
  ) -> Int? {
    guard let value = number(bytes, &offset, maximumDigits: maximumDigits) else { return nil }
    skipSpace(bytes, &offset)
    guard offset < bytes.byteCount, bytes.byte(offset) == separator else { return nil }
    offset += 1
    return value
  }

  private static func number(_ bytes: RawSpan, _ offset: inout Int, maximumDigits: Int) -> Int? {
    skipSpace(bytes, &offset)
    let start = offset
    var value = 0
    while offset - start < maximumDigits, let digit = digit(bytes, offset) {
      value = value * 10 + digit
      offset += 1
    }
    return offset > start ? value : nil
  }

  /// Nanoseconds; 0 if there is no dot, nil if there are no digits behind it.
  private static func fraction(_ bytes: RawSpan, _ offset: inout Int) -> Int? {
    guard offset < bytes.byteCount, bytes.byte(offset) == UInt8(ascii: ".") else { return 0 }
    offset += 1
    guard digit(bytes, offset) != nil else { return nil }
    var value = 0
    var unit = 100_000_000
    while let digit = digit(bytes, offset) {
      value += digit * unit
      unit /= 10
      offset += 1
    }
    return value
  }

  private static func digit(_ bytes: RawSpan, _ offset: Int) -> Int? {
    guard offset < bytes.byteCount, 0x30...0x39 ~= bytes.byte(offset) else { return nil }
    return Int(bytes.byte(offset)) - 0x30
  }

  private static func skipSpace(_ bytes: RawSpan, _ offset: inout Int) {
    // Space, and tab to carriage return.
    while offset < bytes.byteCount, bytes.byte(offset) == 0x20 || 0x09...0x0d ~= bytes.byte(offset) {
      offset += 1
    }
  }

  /// Appends the text form.
  public func append(to bytes: inout [UInt8]) {
    func append(_ value: Int, _ width: Int) {
      DecimalDigits.append(UInt64(value.magnitude), width: width, to: &bytes)
    }
    append(year, 4)
    bytes.append(UInt8(ascii: "-"))
    append(month, 2)
    bytes.append(UInt8(ascii: "-"))
    append(day, 2)
    bytes.append(UInt8(ascii: "T"))
    append(hour, 2)
    bytes.append(UInt8(ascii: ":"))
    append(minute, 2)
    bytes.append(UInt8(ascii: ":"))
    append(second, 2)
    guard nanosecond != 0 else { return }
    bytes.append(UInt8(ascii: "."))
    if nanosecond % 1_000_000 == 0 {
      append(nanosecond / 1_000_000, 3)
    } else if nanosecond % 1000 == 0 {
      append(nanosecond / 1000, 6)
    } else {
      append(nanosecond, 9)
    }
  }
}

extension NaiveDateTime: LosslessStringConvertible {
  public init?(_ text: String) { self.init(text: text.utf8Span.span.bytes) }

  public var description: String {
    var bytes: [UInt8] = []
    append(to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }
}
