/// A key of a job file: its name, how its value is read and how it is written.
///
/// `halo train` has a flag of the same name for every key, so that a flag overrides what the file says.
public struct JobKey: Sendable {
  /// As it stands in the file; the flag has two dashes before it.
  public let name: String
  /// Writes a value of the file into the job.
  let read: @Sendable (JobValue, inout Job) throws -> Void
  /// The value as it stands in a file; `nil`: the key is left out.
  public let text: @Sendable (Job) -> String?

  typealias Place<Value> = WritableKeyPath<Job, Value> & Sendable

  static func whole<Number: FixedWidthInteger & Sendable>(_ name: String, _ place: Place<Number>) -> JobKey {
    let expected = Number.isSigned ? "a whole number" : "a whole number from 0"
    return JobKey(name: name) {
      $1[keyPath: place] = try $0.number(expected)
    } text: {
      "\($0[keyPath: place])"
    }
  }

  /// A whole number that may be absent.
  static func whole(_ name: String, _ place: Place<Int?>) -> JobKey {
    JobKey(name: name) {
      $1[keyPath: place] = try $0.number("a whole number")
    } text: {
      $0[keyPath: place].map { "\($0)" }
    }
  }

  static func real<Number: LosslessStringConvertible & Sendable>(_ name: String, _ place: Place<Number>) -> JobKey {
    JobKey(name: name) {
      $1[keyPath: place] = try $0.number("a number")
    } text: {
      "\($0[keyPath: place])"
    }
  }

  static func reals(_ name: String, _ place: Place<[Float]>) -> JobKey {
    JobKey(name: name) {
      $1[keyPath: place] = try $0.numbers()
    } text: {
      let values = $0[keyPath: place].map { "\($0)" }
      return values.count == 1 ? values[0] : "[\(values.joined(separator: ", "))]"
    }
  }

  static func flag(_ name: String, _ place: Place<Bool>) -> JobKey {
    JobKey(name: name) {
      $1[keyPath: place] = try $0.flag()
    } text: {
      "\($0[keyPath: place])"
    }
  }

  static func name(_ name: String, _ place: Place<String>) -> JobKey {
    JobKey(name: name) {
      $1[keyPath: place] = try $0.name()
    } text: {
      JobValue.quoted($0[keyPath: place])
    }
  }

  /// A name that may be absent; the file may say so with the word `none`.
  static func name(_ name: String, _ place: Place<String?>, none: String) -> JobKey {
    JobKey(name: name) {
      let text = try $0.name()
      $1[keyPath: place] = text == none ? nil : text
    } text: {
      $0[keyPath: place].map(JobValue.quoted)
    }
  }

  /// A path; in a file it is relative to the file's folder.
  static func path(_ name: String, _ place: Place<String?>) -> JobKey {
    JobKey(name: name) {
      $1[keyPath: place] = try $0.path()
    } text: {
      $0[keyPath: place].map(JobValue.quoted)
    }
  }

  static func choice<Choice: RawRepresentable<String> & CaseIterable & Sendable>(_ name: String, _ place: Place<Choice>) -> JobKey {
    JobKey(name: name) {
      $1[keyPath: place] = try $0.choice()
    } text: {
      $0[keyPath: place].rawValue
    }
  }

  /// A value with a notation of its own; `parse` takes the text and what its errors name.
  static func notation<Value: CustomStringConvertible & Sendable>(
    _ name: String, _ place: Place<Value>, _ parse: @escaping @Sendable (String, String) throws -> Value
  ) -> JobKey {
    JobKey(name: name) {
      $1[keyPath: place] = try parse($0.joined(), $0.place)
    } text: {
      "\($0[keyPath: place])"
    }
  }
}
