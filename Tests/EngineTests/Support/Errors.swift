import IndexFormat

/// The error that `body` throws, nil if none.
func formatError<Value>(_ body: () throws(FormatError) -> Value) -> FormatError? {
  do throws(FormatError) {
    _ = try body()
    return nil
  } catch {
    return error
  }
}
