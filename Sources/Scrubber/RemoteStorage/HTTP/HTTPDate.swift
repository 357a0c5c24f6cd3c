/// Times in HTTP headers: `Tue, 15 Nov 1994 08:12:31 GMT`, the one form that servers may send today. Source: RFC 9110,
/// 5.6.7.
enum HTTPDate {
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  static func parse(_ text: String) -> Timestamp? {
    let words = text.split(separator: " ")
    guard words.count == 6, words[5] == "GMT", let month = months.firstIndex(of: String(words[2])) else {
      return nil
    }
    func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return Timestamp(rfc3339: "\(words[3])-\(twoDigits(month + 1))-\(words[1])T\(words[4])Z")
  }
}
