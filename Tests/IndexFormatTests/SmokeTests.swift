import Testing
@testable import IndexFormat
