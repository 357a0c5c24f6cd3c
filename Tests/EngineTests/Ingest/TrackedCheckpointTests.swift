@testable import Engine
import IndexFormat
import Testing

struct TrackedCheckpointTests {
  static func checkpoint(_ change: (inout Checkpoint) -> Void = { _ in }) throws -> TrackedCheckpoint {
    var value = try Checkpoint(parsing: [UInt8](repeating: 0, count: 88).span.bytes)
    change(&value)
    return TrackedCheckpoint(value)
  }

  /// Vectors of the page server's own tests, and of its rule around the end of the numbers.
  @Test(
    arguments: [
      (10, 100, 1024, true), (1024, 500, 1024, false), (1024, 1023, 1024, false), (1024, 1024, 2048, true),
      (0x2d4, 0x2d4, 0x400, true), (0xffff_fc00, 0xffff_fbff, 0xffff_fc00, false),
      (0xffff_fc00, 0xffff_fc00, 0x1_0000_0000, true), (0xffff_fc00, 0xffff_ffff, 0x1_0000_0400, true),
      (0xffff_ff00, 5, 0x1_0000_0400, true), (0x1_0000_0000, 0xffff_fff0, 0x1_0000_0000, false),
    ] as [(UInt64, UInt32, UInt64, Bool)]
  )
  func nextTransactionGoesInStepsOf1024(
    _ vector: (before: UInt64, transaction: UInt32, after: UInt64, isChanged: Bool)
  ) throws {
    var checkpoint = try Self.checkpoint { $0.nextTransaction = vector.before }
    checkpoint.advance(past: vector.transaction)
    #expect(checkpoint.value.nextTransaction == vector.after)
    #expect(checkpoint.isModified == vector.isChanged)
  }

  @Test func nextMultixactGoesForwardInTheOrderOfWrappedNumbers() throws {
    var checkpoint = try Self.checkpoint {
      $0.nextMultixact = 20
      $0.nextMultixactOffset = 20
    }
    func next(_ number: UInt32, _ offset: UInt32) -> [UInt32] {
      checkpoint.advance(nextMultixact: number, offset: offset)
      return [checkpoint.value.nextMultixact, checkpoint.value.nextMultixactOffset]
    }
    #expect(next(1000, 2000) == [1000, 2000])
    #expect(next(500, 900) == [1000, 2000])
    checkpoint = try Self.checkpoint {
      $0.nextMultixact = 0xffff_0000
      $0.nextMultixactOffset = 0xfffe_0000
    }
    #expect(next(0xffff_00ff, 0xfffe_00ff) == [0xffff_00ff, 0xfffe_00ff])
    #expect(next(0, 0xfffe_00ff) == [0, 0xfffe_00ff])
    #expect(next(1, 900) == [1, 900])
  }

  @Test func aShutdownCheckpointFindsTheOldestPreparedTransaction() throws {
    let record = try Self.checkpoint { $0.oldestTransaction = 5 }.value
    var checkpoint = try Self.checkpoint {
      $0.nextTransaction = 0x1_0000_0400
      $0.oldestTransaction = 3
    }
    checkpoint.take(record, isShutdown: true, endingAt: Lsn(80), prepared: [0xffff_fff0], .v17)
    #expect(checkpoint.value.oldestActiveTransaction == 0xffff_fff0)
    #expect(checkpoint.value.redo == Lsn(80) && checkpoint.value.oldestTransaction == 5)
    checkpoint.take(record, isShutdown: true, endingAt: Lsn(88), prepared: [], .v17)
    #expect(checkpoint.value.oldestActiveTransaction == 0x400)
    checkpoint.take(record, isShutdown: true, endingAt: Lsn(88), prepared: [0x300, 0xffff_fff0], .v15)
    #expect(checkpoint.value.oldestActiveTransaction == 0xffff_fff0)
    checkpoint.take(record, isShutdown: false, endingAt: Lsn(96), prepared: [0x300], .v17)
    #expect(checkpoint.value.oldestActiveTransaction == 0 && checkpoint.value.redo == .invalid)
  }

  @Test func aTransactionBehindTheNextOneIsOfTheEpochBefore() throws {
    let checkpoint = try Self.checkpoint { $0.nextTransaction = 0xa_0000_0400 }
    #expect(try checkpoint.fullNumber(of: 0x2e4) == 0xa_0000_02e4)
    #expect(try checkpoint.fullNumber(of: 0xffff_fff0) == 0x9_ffff_fff0)
    let first = try Self.checkpoint { $0.nextTransaction = 0x400 }
    #expect(throws: IngestFault.self) { try first.fullNumber(of: 0x401) }
  }
}
