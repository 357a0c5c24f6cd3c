import Engine
import IndexFormat
import Synchronization

/// Pages from a program that replays records, started at first need and anew after a failure.
///
/// Some failures are a matter of luck (the system ended the program), so a page is asked for again, as page servers do.
final class RedoProcesses: Sendable {
  private let program: RedoProcess.Program
  private let retries: Int
  private let current = Mutex<RedoProcess?>(nil)

  init(_ program: RedoProcess.Program, retries: Int = 2) {
    (self.program, self.retries) = (program, retries)
  }

  deinit { current.withLock { $0?.close() } }

  func page(
    of block: RedoBlock,
    _ page: [UInt8]?,
    _ records: [(lsn: Lsn, bytes: [UInt8])]
  ) async throws(RedoProcess.Failure) -> [UInt8] {
    var tries = 0
    while true {
      let process = try process()
      do throws(RedoProcess.Failure) {
        return try await process.page(of: block, page, records)
      } catch {
        forget(process)
        tries += 1
        guard tries <= retries else { throw error }
      }
    }
  }

  private func process() throws(RedoProcess.Failure) -> RedoProcess {
    let result: Result<RedoProcess, RedoProcess.Failure> = current.withLock { current in
      if let current { return .success(current) }
      do throws(RedoProcess.Failure) {
        let process = try RedoProcess(program)
        current = process
        return .success(process)
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  /// Lets the next request start a new process, unless another has done so.
  private func forget(_ process: RedoProcess) {
    process.close()
    current.withLock { current in
      if current === process { current = nil }
    }
  }
}
