// plattli for C++17: metrics of simulation codes, one call per metric per step.
//
//     plattli::Writer run("heat");       // throws plattli::Error
//     run.write("residual", residual);   // never throws
//     run.end_step();                    // never throws, returns the first error of the step
//     run.finish();                      // throws
//
// The calls of a time loop (write, end_step, flush, sync …) are noexcept and return a Status, which may be left
// alone: the first failure is kept, and Writer::check throws it. Calls made once (constructors, metric, finish,
// close …) throw plattli::Error. Destructors close quietly and never finish a run.
//
// All of it is inline over the C header; its contract (threads, fork, what an acknowledged step survives) is that of
// docs/c-api.md and docs/durability.md.
//
// SPDX-License-Identifier: MIT OR Apache-2.0
#ifndef PLATTLI_HPP
#define PLATTLI_HPP

#include <plattli.h>

#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <iterator>
#include <limits>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace plattli {

// -- what can be asked for, and what can go wrong ------------------------------------------------------------------

/// What went wrong; the numbers are those of the C header.
enum class Code : std::int32_t {
    ok = PLATTLI_OK,
    argument = PLATTLI_ERR_ARGUMENT,
    type = PLATTLI_ERR_TYPE,
    state = PLATTLI_ERR_STATE,
    not_found = PLATTLI_ERR_NOT_FOUND,
    exists = PLATTLI_ERR_EXISTS,
    busy = PLATTLI_ERR_BUSY,
    corrupt = PLATTLI_ERR_CORRUPT,
    io = PLATTLI_ERR_IO,
    overloaded = PLATTLI_ERR_OVERLOADED,
    buffer = PLATTLI_ERR_BUFFER,
    forked = PLATTLI_ERR_FORKED,
    unsupported = PLATTLI_ERR_UNSUPPORTED,
    internal = PLATTLI_ERR_INTERNAL,
};

/// The type of a metric.
enum class DType : std::int32_t {
    f32 = PLATTLI_F32,
    f64 = PLATTLI_F64,
    i8 = PLATTLI_I8,
    i16 = PLATTLI_I16,
    i32 = PLATTLI_I32,
    i64 = PLATTLI_I64,
    u8 = PLATTLI_U8,
    u16 = PLATTLI_U16,
    u32 = PLATTLI_U32,
    u64 = PLATTLI_U64,
    json = PLATTLI_JSON,
};

/// The type in which values are read.
enum class As : std::int32_t {
    standard = PLATTLI_STANDARD,  ///< Integers as i64, whatever their stored width; floats and JSON as stored.
    storage = PLATTLI_STORAGE,    ///< As stored. `finish` narrows integers, so this is not the type written.
    f32 = PLATTLI_F32,
    f64 = PLATTLI_F64,
    i8 = PLATTLI_I8,
    i16 = PLATTLI_I16,
    i32 = PLATTLI_I32,
    i64 = PLATTLI_I64,
    u8 = PLATTLI_U8,
    u16 = PLATTLI_U16,
    u32 = PLATTLI_U32,
    u64 = PLATTLI_U64,
    json = PLATTLI_JSON,
};

/// How rows reach the disk.
enum class Layout : std::int32_t { compacting = PLATTLI_COMPACTING, direct = PLATTLI_DIRECT, bulk = PLATTLI_BULK };
/// What an acknowledged step survives.
enum class Durability : std::int32_t { process = PLATTLI_DURABLE_PROCESS, system = PLATTLI_DURABLE_SYSTEM };
/// What happens when compaction cannot keep up.
enum class Overload : std::int32_t { wait = PLATTLI_OVERLOAD_WAIT, shed = PLATTLI_OVERLOAD_SHED };
/// What happens when the disk refuses.
enum class OnIoError : std::int32_t { retry = PLATTLI_IO_RETRY, fail = PLATTLI_IO_FAIL };
/// What to look for when a run is opened for reading.
enum class Kind : std::int32_t { any = PLATTLI_KIND_AUTO, folder = PLATTLI_KIND_FOLDER, archive = PLATTLI_KIND_ARCHIVE };

/// A failure: a code, and the sentence that says what was tried, on which path or metric, and what the operating
/// system said.
class Error : public std::runtime_error {
public:
    Error(Code code, const std::string& text) : std::runtime_error(text), code_(code) {}
    Code code() const noexcept { return code_; }
    /// Such as `"PLATTLI_ERR_IO"`.
    const char* name() const noexcept { return plattli_status_name(static_cast<std::int32_t>(code_)); }

private:
    Code code_;
};

/// What a call that does not throw returns. True if it succeeded; may be left alone.
class Status {
public:
    constexpr Status() noexcept = default;
    constexpr explicit Status(Code code, const char* text = nullptr) noexcept : code_(code), text_(text) {}
    constexpr explicit Status(std::int32_t code) noexcept : code_(static_cast<Code>(code)) {}

    constexpr Code code() const noexcept { return code_; }
    constexpr bool ok() const noexcept { return code_ == Code::ok; }
    constexpr explicit operator bool() const noexcept { return ok(); }
    /// Such as `"PLATTLI_ERR_IO"`.
    const char* name() const noexcept { return plattli_status_name(static_cast<std::int32_t>(code_)); }
    /// What went wrong, `""` if nothing did. Ask on the thread of the failing call, before its next failing call.
    const char* text() const noexcept { return ok() ? "" : text_ != nullptr ? text_ : plattli_last_error(); }
    /// Throws Error unless the call succeeded.
    void check() const {
        if (!ok()) throw Error(code_, text());
    }

    friend constexpr bool operator==(Status a, Code b) noexcept { return a.code_ == b; }
    friend constexpr bool operator!=(Status a, Code b) noexcept { return a.code_ != b; }

private:
    Code code_ = Code::ok;
    const char* text_ = nullptr;  // a literal, where the failure was noticed here and not in the library
};

/// An array that belongs to something else, as long as that lives. `std::span` takes it from C++20 on.
template <class T>
class View {
public:
    using value_type = T;
    constexpr View() noexcept = default;
    constexpr View(const T* data, std::size_t size) noexcept : data_(data), size_(size) {}
    /// Of `std::vector`, `std::array`, `std::span`, an array of C …
    template <class Array, class = std::enable_if_t<
                               std::is_convertible_v<decltype(std::data(std::declval<const Array&>())), const T*>>>
    constexpr View(const Array& array) noexcept : View(std::data(array), std::size(array)) {}

    constexpr const T* data() const noexcept { return data_; }
    constexpr std::size_t size() const noexcept { return size_; }
    constexpr bool empty() const noexcept { return size_ == 0; }
    constexpr const T* begin() const noexcept { return data_; }
    constexpr const T* end() const noexcept { return data_ + size_; }
    constexpr const T& operator[](std::size_t i) const noexcept { return data_[i]; }
    constexpr const T& front() const noexcept { return data_[0]; }
    constexpr const T& back() const noexcept { return data_[size_ - 1]; }

private:
    const T* data_ = nullptr;
    std::size_t size_ = 0;
};

/// A JSON value as text: `run.write("shape", plattli::Json{"[128, 128]"})`.
struct Json {
    std::string_view text;
};

// -- the machinery --------------------------------------------------------------------------------------------------

namespace detail {

template <class T, void (*free)(T*)>
struct Freed {
    void operator()(T* object) const noexcept { free(object); }
};
template <class T, void (*free)(T*)>
using Owned = std::unique_ptr<T, Freed<T, free>>;

inline void check(std::int32_t status) { Status(status).check(); }

/// Text with a terminator, on its way to C; copied only where it has none.
class Name {
public:
    Name(const char* text) noexcept : text_(text) {}  // the library refuses NULL
    Name(std::nullptr_t) = delete;
    Name(const std::string& text) noexcept : text_(text.c_str()) {
        if (std::memchr(text.data(), 0, text.size()) != nullptr) text_ = unfit;
    }
    template <class Text, class = std::enable_if_t<std::is_convertible_v<const Text&, std::string_view> &&
                                                   !std::is_convertible_v<const Text&, const char*>>>
    Name(const Text& text) noexcept : text_(unfit) {
        const std::string_view view = text;
        char* copy = small_;
        if (view.size() >= sizeof small_) {
            large_.reset(new (std::nothrow) char[view.size() + 1]);
            copy = large_.get();
        }
        if (copy == nullptr) return;
        if (!view.empty()) std::memcpy(copy, view.data(), view.size());
        copy[view.size()] = '\0';
        if (std::memchr(copy, 0, view.size()) == nullptr) text_ = copy;
    }
    Name(const Name&) = delete;
    Name& operator=(const Name&) = delete;
    const char* c_str() const noexcept { return text_; }

private:
    static constexpr const char* unfit = "\xff (holds NUL)";  // not UTF-8, refused as name and as path
    const char* text_;
    std::unique_ptr<char[]> large_;
    char small_[112];
};

/// The calls of C for a type of values.
template <class T>
struct Calls;
#define PLATTLI_CALLS(type, suffix, dtype_)                     \
    template <>                                                 \
    struct Calls<type> {                                        \
        static constexpr auto dtype = DType::dtype_;            \
        static constexpr auto write = &plattli_write_##suffix;  \
        static constexpr auto put = &plattli_put_##suffix;      \
    }
PLATTLI_CALLS(float, f32, f32);
PLATTLI_CALLS(double, f64, f64);
PLATTLI_CALLS(std::int8_t, i8, i8);
PLATTLI_CALLS(std::int16_t, i16, i16);
PLATTLI_CALLS(std::int32_t, i32, i32);
PLATTLI_CALLS(std::int64_t, i64, i64);
PLATTLI_CALLS(std::uint8_t, u8, u8);
PLATTLI_CALLS(std::uint16_t, u16, u16);
PLATTLI_CALLS(std::uint32_t, u32, u32);
PLATTLI_CALLS(std::uint64_t, u64, u64);
PLATTLI_CALLS(bool, bool, json);
PLATTLI_CALLS(std::string_view, str, json);
PLATTLI_CALLS(Json, json, json);
#undef PLATTLI_CALLS

template <class T>
inline constexpr bool is_character = std::is_same_v<T, char> || std::is_same_v<T, wchar_t> ||
                                     std::is_same_v<T, char16_t> || std::is_same_v<T, char32_t>
#ifdef __cpp_char8_t
                                     || std::is_same_v<T, char8_t>
#endif
    ;
/// Whether a value can be kept as it is: not a character, nor a number wider than 64 bits.
template <class T>
inline constexpr bool is_number = std::is_same_v<T, float> || std::is_same_v<T, double> ||
                                  (std::is_integral_v<T> && !is_character<T> && sizeof(T) <= 8);

template <class T, bool = std::is_integral_v<T> && !std::is_same_v<T, bool>>
struct FixedWidth {
    using type = T;
};
template <class T>
struct FixedWidth<T, true> {
    template <class A, class B>
    using sized = std::conditional_t<std::is_signed_v<T>, A, B>;
    using type = std::conditional_t<
        sizeof(T) == 1, sized<std::int8_t, std::uint8_t>,
        std::conditional_t<sizeof(T) == 2, sized<std::int16_t, std::uint16_t>,
                           std::conditional_t<sizeof(T) == 4, sized<std::int32_t, std::uint32_t>,
                                              sized<std::int64_t, std::uint64_t>>>>;
};
/// The type of `<cstdint>` that a type of numbers stands for: `long` and `long long` are both `std::int64_t`.
template <class T>
using fixed_width = typename FixedWidth<T>::type;

/// Whether every value of V is one of T.
template <class T, class V>
constexpr bool fits() {
    if constexpr (!is_number<T> || !is_number<V>) return false;
    else if constexpr (std::is_same_v<T, bool> || std::is_same_v<V, bool>) return std::is_same_v<T, V>;
    else if constexpr (std::is_integral_v<T> && !std::is_integral_v<V>) return false;
    else
        return std::numeric_limits<V>::digits <= std::numeric_limits<T>::digits &&
               (std::is_signed_v<T> || !std::is_signed_v<V>);
}

template <class V>
inline constexpr bool is_text = std::is_convertible_v<const V&, std::string_view>;
template <class T, class V>
inline constexpr bool accepts = fits<T, V>() || (std::is_same_v<T, std::string_view> && is_text<V> &&
                                                 !std::is_same_v<V, std::nullptr_t>) ||
                                (std::is_same_v<T, Json> && std::is_same_v<V, Json>);

/// Text as C takes it. A pointer may be NULL: then the library refuses it.
struct Bytes {
    const char* data;
    std::size_t size;
    Bytes(std::string_view text) noexcept : data(text.data()), size(text.size()) {}
    Bytes(Json json) noexcept : Bytes(json.text) {}
    Bytes(const char* text) noexcept : data(text), size(text != nullptr ? std::strlen(text) : 1) {}
    template <class Text, class = std::enable_if_t<is_text<Text> && !std::is_convertible_v<const Text&, const char*>>>
    Bytes(const Text& text) noexcept : Bytes(static_cast<std::string_view>(text)) {}
};

/// The first failure that was left alone.
class Latch {
public:
    void keep(Status status) noexcept {
        const std::lock_guard<std::mutex> guard(mutex_);
        if (code_ != Code::ok) return;
        code_ = status.code();
        try {
            text_ = status.text();
        } catch (...) {
            text_.clear();  // no memory for the sentence; the code remains
        }
    }
    void raise() {
        std::unique_lock<std::mutex> guard(mutex_);
        if (code_ == Code::ok) return;
        const Code code = std::exchange(code_, Code::ok);
        const std::string text = std::move(text_);
        text_.clear();
        guard.unlock();
        throw Error(code, text);
    }

private:
    std::mutex mutex_;
    Code code_ = Code::ok;
    std::string text_;
};

/// Applies setters until one fails.
template <class Options>
class Setter {
public:
    explicit Setter(Options* options) noexcept : options_(options) {}
    template <class... Parameters, class... Arguments>
    void set(std::int32_t (*setter)(Options*, Parameters...), Arguments... arguments) noexcept {
        if (status_ == PLATTLI_OK) status_ = setter(options_, arguments...);
    }
    template <class Enum>
    void choose(std::int32_t (*setter)(Options*, std::int32_t), const std::optional<Enum>& choice) noexcept {
        if (choice) set(setter, static_cast<std::int32_t>(*choice));
    }
    template <class Parameter>
    void given(std::int32_t (*setter)(Options*, Parameter), const std::optional<Parameter>& value) noexcept {
        if (value) set(setter, *value);
    }
    void text(std::int32_t (*setter)(Options*, const char*, std::size_t), const std::optional<std::string>& text) noexcept {
        if (text) set(setter, text->data(), text->size());
    }
    std::int32_t status() const noexcept { return status_; }

private:
    Options* options_;
    std::int32_t status_ = PLATTLI_OK;
};

}  // namespace detail

// -- options: what is not set keeps the default of the library ------------------------------------------------------

/// How often `Durability::system` syncs: after so many steps or so much time, whichever is first; 0 leaves that
/// measure out.
struct SyncInterval {
    std::uint32_t steps = 1;
    std::chrono::milliseconds time{0};
};

/// How a run is opened for writing: `WriterOptions options; options.step = 100;`, or from C++20 on
/// `plattli::Writer run("heat", {.step = 100});`.
struct WriterOptions {
    std::optional<Layout> layout = {};  ///< Compacting unless set.
    /// The step to continue from; rows at or beyond it are dropped. Not set: the run continues after its last recorded
    /// step and nothing is dropped.
    std::optional<std::uint32_t> step = {};
    std::optional<std::uint64_t> hotsize = {};         ///< Rows in the log before it is compacted; 200 unless set.
    std::optional<std::string> config = {};            ///< The configuration of the run, as JSON text.
    std::optional<std::string> config_path = {};       ///< A file that holds it, if `config` is not set.
    std::optional<bool> reopen_finished = {};          ///< An archived run may be unpacked and continued.
    std::optional<bool> overwrite = {};                ///< Bulk layout: an existing run may be replaced.
    std::optional<Durability> durability = {};         ///< Of the process unless set.
    std::optional<SyncInterval> sync_interval = {};    ///< Every step unless set.
    std::optional<Overload> overload = {};             ///< Wait unless set.
    std::optional<std::uint32_t> threads = {};         ///< 0: compaction runs inside `end_step`. 1 unless set.
    std::optional<std::uint32_t> nice = {};            ///< How far the background thread stands back, 0 to 19.
    std::vector<std::uint32_t> affinity = {};          ///< Its processors; none: those of the thread that opens the run.
    std::optional<OnIoError> on_io_error = {};         ///< Retry unless set.
    std::optional<bool> lock = {};                     ///< Whether a second writer is refused; true unless set.
    std::optional<bool> strict = {};                   ///< Whether a broken line of the log is `Code::corrupt`.
};

/// How a run is finished.
struct FinishOptions {
    std::optional<bool> optimize = {};                 ///< Integers in the narrowest type; true unless set.
    std::optional<bool> archive = {};                  ///< Packed into `metrics.plattli`; true unless set.
    std::optional<std::string> config_overrides = {};  ///< A JSON object whose keys replace those of the configuration.
};

/// How a run is opened for reading.
struct ReaderOptions {
    std::optional<Kind> kind = {};         ///< Whatever is found first unless set.
    std::optional<bool> exclude_hot = {};  ///< The rows still in the log are left out.
    std::optional<bool> strict = {};       ///< A broken line of the log is `Code::corrupt` instead of a warning.
};

/// How a log is imported.
struct ImportOptions {
    std::vector<std::string> skip_columns = {};  ///< Regular expressions for whole names; `DEFAULT`: `[pg]norm.*`.
    std::optional<bool> allow_rewinds = {};      ///< A smaller step drops the rows from there on.
    std::optional<bool> overwrite = {};          ///< An existing run is replaced.
    std::optional<bool> double_precision = {};   ///< Floats are kept as f64 rather than f32.
    std::optional<bool> skip_torn_tail = {};     ///< A last line that was cut off is left out instead of an error.
};

// -- writing ----------------------------------------------------------------------------------------------------------

class Writer;

/// A metric of a Writer, its name checked once: the fast path. T is a type of numbers, `bool`, `std::string_view` or
/// Json. Plain data; means nothing to another writer.
template <class T>
class Metric {
    static_assert(detail::is_number<T> || std::is_same_v<T, std::string_view> || std::is_same_v<T, Json>,
                  "a metric holds float, double, an integer of up to 64 bits, bool, std::string_view or plattli::Json");

public:
    /// No metric: every write is `Code::argument`.
    constexpr Metric() noexcept = default;
    /// Its number, for the `plattli_put_…` functions of C.
    constexpr std::uint32_t id() const noexcept { return id_; }

private:
    friend class Writer;
    constexpr explicit Metric(std::uint32_t id) noexcept : id_(id) {}
    std::uint32_t id_ = std::numeric_limits<std::uint32_t>::max();
};

/// Several metrics that are written in one call, all or none. T is `double` or `float`.
template <class T>
class Row {
    static_assert(std::is_same_v<T, double> || std::is_same_v<T, float>, "a row holds double or float");

public:
    Row() noexcept = default;
    std::size_t size() const noexcept { return ids_.size(); }

private:
    friend class Writer;
    std::vector<std::uint32_t> ids_;
};

/// A run that is being written. May be used from any thread; calls wait for each other inside. A writer that is not
/// open (default-made, closed, moved from) answers every call with `Code::argument`.
class Writer {
public:
    Writer() noexcept = default;
    /// Opens the run in the directory `run_dir`, or begins one. Throws Error.
    explicit Writer(const detail::Name& run_dir, const WriterOptions& options = {}) { open(run_dir, options).check(); }
    Writer(std::nullptr_t) = delete;
    Writer(Writer&&) noexcept = default;
    Writer& operator=(Writer&&) noexcept = default;
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;
    /// Closes the run, quietly, and does not finish it.
    ~Writer() = default;

    /// As the constructor, without throwing. What was open before is closed quietly.
    Status open(const detail::Name& run_dir, const WriterOptions& options = {}) noexcept {
        handle_.reset();
        latch_.reset(new (std::nothrow) detail::Latch);
        const detail::Owned<plattli_writer_options, plattli_writer_options_free> raw(plattli_writer_options_new());
        detail::Setter set(raw.get());
        set.choose(plattli_writer_options_set_layout, options.layout);
        set.given(plattli_writer_options_set_step, options.step);
        set.given(plattli_writer_options_set_hotsize, options.hotsize);
        if (options.config) set.text(plattli_writer_options_set_config_json, options.config);
        else if (options.config_path)
            set.set(plattli_writer_options_set_config_path, detail::Name(*options.config_path).c_str());
        set.given(plattli_writer_options_set_reopen_finished, options.reopen_finished);
        set.given(plattli_writer_options_set_overwrite, options.overwrite);
        set.choose(plattli_writer_options_set_durability, options.durability);
        if (options.sync_interval) {
            const auto time = options.sync_interval->time.count();
            if (time < 0) return Status(Code::argument, "the time of a sync interval is negative");
            set.set(plattli_writer_options_set_sync_interval, options.sync_interval->steps,
                    static_cast<std::uint64_t>(time));
        }
        set.choose(plattli_writer_options_set_overload, options.overload);
        set.given(plattli_writer_options_set_threads, options.threads);
        set.given(plattli_writer_options_set_nice, options.nice);
        set.set(plattli_writer_options_set_affinity, options.affinity.data(), options.affinity.size());
        set.choose(plattli_writer_options_set_on_io_error, options.on_io_error);
        set.given(plattli_writer_options_set_lock, options.lock);
        set.given(plattli_writer_options_set_strict, options.strict);
        if (set.status() != PLATTLI_OK) return Status(set.status());
        plattli_writer* handle = nullptr;
        const Status status(plattli_writer_open(run_dir.c_str(), raw.get(), &handle));
        handle_.reset(handle);
        return status;
    }
    bool is_open() const noexcept { return handle_ != nullptr; }

    /// Makes a metric known under a number. Throws Error: `Code::argument` for a name that cannot be stored,
    /// `Code::type` if the metric has values that T does not go with.
    template <class T>
    Metric<T> metric(const detail::Name& name) {
        std::uint32_t id = 0;
        constexpr auto dtype = static_cast<std::int32_t>(detail::Calls<detail::fixed_width<T>>::dtype);
        detail::check(plattli_writer_metric(handle_.get(), name.c_str(), dtype, &id));
        return Metric<T>(id);
    }
    /// Several at once: `auto row = run.row<double>({"energy", "mass"});`.
    template <class T, class Names>
    Row<T> row(const Names& names) {
        Row<T> row;
        row.ids_.reserve(std::size(names));
        for (const auto& name : names) row.ids_.push_back(metric<T>(name).id());
        return row;
    }
    template <class T>
    Row<T> row(std::initializer_list<std::string_view> names) {
        return row<T, std::initializer_list<std::string_view>>(names);
    }

    /// Writes a number or a truth value in the current step. A new name makes a new metric of the value's type;
    /// the type of an existing one is widened where that loses nothing.
    template <class T>
    std::enable_if_t<detail::is_number<T>, Status> write(const detail::Name& name, T value) noexcept {
        using Fixed = detail::fixed_width<T>;
        return note(detail::Calls<Fixed>::write(handle_.get(), name.c_str(), static_cast<Fixed>(value)));
    }
    /// Writes UTF-8 text, which is kept as a JSON string and may hold NUL.
    template <class T>
    std::enable_if_t<detail::is_text<T>, Status> write(const detail::Name& name, const T& text) noexcept {
        const detail::Bytes bytes(text);
        return note(detail::Calls<std::string_view>::write(handle_.get(), name.c_str(), bytes.data, bytes.size));
    }
    /// Writes a JSON value.
    Status write(const detail::Name& name, Json json) noexcept {
        return note(detail::Calls<Json>::write(handle_.get(), name.c_str(), json.text.data(), json.text.size()));
    }
    /// Pointers, characters, enumerations, `long double` … would be converted silently, or lose digits: say what is
    /// meant.
    template <class T>
    std::enable_if_t<!detail::is_number<T> && !detail::is_text<T> && !std::is_same_v<T, Json>, Status> write(
        const detail::Name& name, const T& value) noexcept = delete;
    Status write(const detail::Name& name, std::nullptr_t) noexcept = delete;

    /// Writes a value of a metric. Takes what the metric's type holds without loss, and nothing else.
    template <class T, class V>
    std::enable_if_t<detail::accepts<T, V>, Status> write(Metric<T> metric, const V& value) noexcept {
        using Fixed = detail::fixed_width<T>;
        if constexpr (detail::is_number<T>) {
            return note(detail::Calls<Fixed>::put(handle_.get(), metric.id(), static_cast<Fixed>(value)));
        } else {
            const detail::Bytes bytes(value);
            return note(detail::Calls<T>::put(handle_.get(), metric.id(), bytes.data, bytes.size));
        }
    }
    template <class T, class V>
    std::enable_if_t<!detail::accepts<T, V>, Status> write(Metric<T> metric, const V& value) noexcept = delete;

    /// Writes the values of a row, one for each of its metrics, all or none.
    template <class T>
    Status write(const Row<T>& row, View<std::common_type_t<T>> values) noexcept {
        const bool matches = values.size() == row.size();
        const std::uint32_t* ids = matches ? row.ids_.data() : nullptr;
        const std::size_t n = matches ? row.size() : 1;  // refused, so that the end of the step returns it again
        std::int32_t status;
        if constexpr (std::is_same_v<T, double>) status = plattli_put_row_f64(handle_.get(), ids, values.data(), n);
        else status = plattli_put_row_f32(handle_.get(), ids, values.data(), n);
        if (!matches && status == PLATTLI_ERR_ARGUMENT && is_open())
            return note(Status(Code::argument, "a row was given another number of values than it has metrics"));
        return note(status);
    }
    template <class T>
    Status write(const Row<T>& row, std::initializer_list<std::common_type_t<T>> values) noexcept {
        return write(row, View<T>(std::data(values), std::size(values)));
    }

    /// Ends the current step, and moves on to the next in any case. Success means that this step, and every one
    /// before it, is never lost by the death of the process. The first error of a write of this step is returned
    /// again.
    Status end_step() noexcept { return note(plattli_end_step(handle_.get())); }
    /// Hands the values written so far in the current step to the operating system, where readers see them.
    Status flush() noexcept { return note(plattli_flush(handle_.get())); }
    /// Returns once everything acknowledged so far is on stable storage.
    Status sync() noexcept { return note(plattli_sync(handle_.get())); }
    /// Moves the current step forward; only between steps.
    Status set_step(std::uint32_t step) noexcept { return note(plattli_writer_set_step(handle_.get(), step)); }

    /// Throws the first failure of the calls above since the last check, if there was one.
    void check() {
        if (latch_) latch_->raise();
    }

    /// The current step: the one that `end_step` will end. Throws Error once the last step has been ended.
    std::uint32_t step() const {
        std::uint32_t step = 0;
        detail::check(plattli_writer_step(handle_.get(), &step));
        return step;
    }
    /// Replaces the configuration of the run. Throws Error.
    void set_config(std::string_view json) {
        detail::check(plattli_writer_set_config(handle_.get(), json.data(), json.size()));
    }
    /// What the writer has done so far. Legal after `finish`. Throws Error.
    plattli_writer_stats stats() const {
        plattli_writer_stats stats{};
        stats.size = sizeof stats;
        detail::check(plattli_writer_get_stats(handle_.get(), &stats));
        return stats;
    }
    /// What was found broken when the run was opened, and how it was mended. Throws Error.
    std::vector<std::string> warnings() const {
        std::vector<std::string> warnings;
        for (std::size_t i = 0;; ++i) {
            plattli_string* raw = nullptr;
            const std::int32_t status = plattli_writer_warnings(handle_.get(), i, &raw);
            const detail::Owned<plattli_string, plattli_string_free> text(raw);
            if (status == PLATTLI_ERR_NOT_FOUND) return warnings;
            detail::check(status);
            warnings.emplace_back(plattli_string_data(raw), plattli_string_len(raw));
        }
    }

    /// Brings the run into its final form, packed into `metrics.plattli` unless the options say otherwise; afterwards
    /// only `stats`, `warnings` and `close` are legal. Throws Error, after which it may be called again.
    void finish(const FinishOptions& options = {}) {
        const detail::Owned<plattli_finish_options, plattli_finish_options_free> raw(plattli_finish_options_new());
        detail::Setter set(raw.get());
        set.given(plattli_finish_options_set_optimize, options.optimize);
        set.given(plattli_finish_options_set_archive, options.archive);
        set.text(plattli_finish_options_set_config_overrides, options.config_overrides);
        detail::check(set.status());
        detail::check(plattli_finish(handle_.get(), raw.get()));
    }
    /// Flushes, waits for the background work and releases the writer, whatever happens; never finishes the run.
    /// Throws Error if something was lost. A second call does nothing.
    void close() {
        detail::check(plattli_writer_close(handle_.release()));
    }

    /// The handle of C, which remains the writer's.
    plattli_writer* handle() const noexcept { return handle_.get(); }

private:
    struct Close {
        void operator()(plattli_writer* handle) const noexcept { plattli_writer_close(handle); }
    };

    Status note(std::int32_t status) noexcept { return status == PLATTLI_OK ? Status() : note(Status(status)); }
    Status note(Status status) noexcept {
        if (latch_) latch_->keep(status);
        return status;
    }

    std::unique_ptr<detail::Latch> latch_;
    std::unique_ptr<plattli_writer, Close> handle_;
};

/// Many samples within a step become count, min, mean and max of it: the metrics `NAME/count`, `NAME/min`,
/// `NAME/mean` and `NAME/max`. For one thread at a time; the writer must stay where it is and outlive it.
///
///     plattli::Reducer iterations(run, "newton/iterations");
///     for (Cell& cell : cells) iterations.add(cell.solve());
///     iterations.write();
///     run.end_step();
class Reducer {
public:
    /// Throws Error, as `Writer::metric` does.
    Reducer(Writer& run, std::string_view name)
        : run_(&run),
          count_metric_(run.metric<std::uint64_t>(std::string(name) + "/count")),
          min_metric_(run.metric<double>(std::string(name) + "/min")),
          mean_metric_(run.metric<double>(std::string(name) + "/mean")),
          max_metric_(run.metric<double>(std::string(name) + "/max")) {}

    /// One more sample. A NaN makes the mean NaN; min and max are those of the numbers.
    void add(double sample) noexcept {
        ++count_;
        sum_ += sample;
        min_ = std::fmin(min_, sample);
        max_ = std::fmax(max_, sample);
    }
    std::uint64_t count() const noexcept { return count_; }
    double min() const noexcept { return min_; }
    double mean() const noexcept { return sum_ / static_cast<double>(count_); }
    double max() const noexcept { return max_; }

    /// Writes the four metrics of the current step, nothing if there was no sample, and begins anew.
    Status write() noexcept {
        if (count_ == 0) return Status();
        Status status = run_->write(count_metric_, count_);
        if (status) status = run_->write(min_metric_, min_);
        if (status) status = run_->write(mean_metric_, mean());
        if (status) status = run_->write(max_metric_, max_);
        reset();
        return status;
    }
    /// Forgets the samples.
    void reset() noexcept {
        count_ = 0;
        sum_ = 0;
        min_ = max_ = std::numeric_limits<double>::quiet_NaN();
    }

private:
    Writer* run_;
    Metric<std::uint64_t> count_metric_;
    Metric<double> min_metric_, mean_metric_, max_metric_;
    std::uint64_t count_ = 0;
    double sum_ = 0;
    double min_ = std::numeric_limits<double>::quiet_NaN(), max_ = std::numeric_limits<double>::quiet_NaN();
};

/// Writes the seconds from here to the end of the scope to a metric, or adds them to a reducer where a scope is
/// entered many times in a step.
///
///     { plattli::ScopedTimer timer(run, "time/solve"); solve(); }
class [[nodiscard]] ScopedTimer {
public:
    /// Throws Error, as `Writer::metric` does.
    ScopedTimer(Writer& run, const detail::Name& name) : ScopedTimer(run, run.metric<double>(name)) {}
    ScopedTimer(Writer& run, Metric<double> metric) noexcept : run_(&run), metric_(metric) {}
    explicit ScopedTimer(Reducer& reducer) noexcept : reducer_(&reducer) {}
    ScopedTimer(const ScopedTimer&) = delete;
    ScopedTimer& operator=(const ScopedTimer&) = delete;
    ~ScopedTimer() { stop(); }

    /// Seconds since the beginning.
    double seconds() const noexcept {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
    }
    /// Writes them now rather than at the end of the scope. A second call does nothing.
    Status stop() noexcept {
        Reducer* const reducer = std::exchange(reducer_, nullptr);
        Writer* const run = std::exchange(run_, nullptr);
        if (reducer != nullptr) reducer->add(seconds());
        return run != nullptr ? run->write(metric_, seconds()) : Status();
    }

private:
    std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
    Writer* run_ = nullptr;
    Reducer* reducer_ = nullptr;
    Metric<double> metric_;
};

// -- reading ----------------------------------------------------------------------------------------------------------

/// Which rows are wanted; all unless said otherwise. Ends that are left out are open.
class Selection {
public:
    constexpr Selection() noexcept = default;
    /// By step, both ends inclusive.
    static constexpr Selection steps(std::optional<std::int64_t> first, std::optional<std::int64_t> last = {}) noexcept {
        return integers(PLATTLI_STEPS, first, last);
    }
    /// By position, from `start` up to but without `stop`; negative ones count from the end.
    static constexpr Selection positions(std::optional<std::int64_t> start, std::optional<std::int64_t> stop = {}) noexcept {
        return integers(PLATTLI_POSITIONS, start, stop);
    }
    /// By value, both ends inclusive; NaN lies in no range.
    static constexpr Selection values(std::optional<double> least, std::optional<double> most = {}) noexcept {
        Selection s;
        s.raw_ = {PLATTLI_VALUES, bounds(least.has_value(), most.has_value()), 0, 0, least.value_or(0), most.value_or(0)};
        return s;
    }
    constexpr const plattli_selection* raw() const noexcept { return &raw_; }

private:
    static constexpr std::int32_t bounds(bool start, bool stop) noexcept { return (start ? 1 : 0) | (stop ? 2 : 0); }
    static constexpr Selection integers(std::int32_t kind, std::optional<std::int64_t> start,
                                        std::optional<std::int64_t> stop) noexcept {
        Selection s;
        s.raw_ = {kind, bounds(start.has_value(), stop.has_value()), start.value_or(0), stop.value_or(0), 0, 0};
        return s;
    }
    plattli_selection raw_{};
};

/// Steps and values of one metric, in vectors of your own.
template <class T>
struct Series {
    std::vector<std::uint32_t> steps;
    std::vector<T> values;
};

/// What there is to know about a metric.
struct MetricInfo {
    DType dtype;               ///< Its type on disk. Integers of a finished run are stored in the narrowest type.
    std::int32_t monotonic;    ///< 1 never decreasing, -1 never increasing, 0 neither (or JSON).
    std::uint64_t rows;
    std::uint32_t first_step;  ///< 0 if it has no rows.
    std::uint32_t last_step;   ///< 0 if it has no rows.
};

/// A column that belongs to something else, as long as that lives.
class ColumnView {
public:
    explicit ColumnView(const plattli_column* column) noexcept : column_(column) {}
    std::size_t size() const noexcept { return plattli_column_len(column_); }
    DType dtype() const noexcept { return static_cast<DType>(plattli_column_dtype(column_)); }
    /// Strictly increasing.
    View<std::uint32_t> steps() const noexcept { return {plattli_column_steps(column_), size()}; }
    /// The values, which must be of type T. Throws Error.
    template <class T>
    View<T> values() const {
        static_assert(detail::is_number<T> && !std::is_same_v<T, bool>, "a column holds numbers or JSON");
        if (detail::Calls<detail::fixed_width<T>>::dtype != dtype())
            throw Error(Code::type, "the column holds values of another type than was asked for");
        return {static_cast<const T*>(plattli_column_values(column_)), size()};
    }
    /// The value of a row of a JSON column, as text. Throws Error.
    std::string_view json(std::size_t row) const {
        const char* text = nullptr;
        std::size_t size = 0;
        detail::check(plattli_column_json(column_, row, &text, &size));
        return {text, size};
    }

protected:
    const plattli_column* column_;
};

/// Rows of one metric. Does not change, and outlives the reader.
class Column : public ColumnView {
public:
    /// Takes over a column of C.
    explicit Column(plattli_column* column) noexcept : ColumnView(column), owned_(column) {}
    Column(Column&& other) noexcept : ColumnView(std::exchange(other.column_, nullptr)), owned_(std::move(other.owned_)) {}
    Column& operator=(Column&& other) noexcept {
        column_ = std::exchange(other.column_, nullptr);
        owned_ = std::move(other.owned_);
        return *this;
    }

    // What is looked at through a column that dies with its expression would be gone: name the column.
    View<std::uint32_t> steps() const& noexcept { return ColumnView::steps(); }
    View<std::uint32_t> steps() const&& = delete;
    template <class T>
    View<T> values() const& {
        return ColumnView::values<T>();
    }
    template <class T>
    View<T> values() const&& = delete;
    std::string_view json(std::size_t row) const& { return ColumnView::json(row); }
    std::string_view json(std::size_t row) const&& = delete;

private:
    detail::Owned<plattli_column, plattli_column_free> owned_;
};

/// Rows of several metrics side by side. Does not change, and outlives the reader.
class Table {
public:
    /// Takes over a table of C.
    explicit Table(plattli_table* table) noexcept : table_(table) {}
    std::size_t size() const noexcept { return plattli_table_len(table_.get()); }
    View<std::uint32_t> steps() const& noexcept { return {plattli_table_steps(table_.get()), size()}; }
    View<std::uint32_t> steps() const&& = delete;
    /// The column of metric `i`, in the order asked for; lives as long as the table. Throws Error.
    ColumnView column(std::size_t i) const&& = delete;
    ColumnView column(std::size_t i) const& {
        const plattli_column* column = nullptr;
        detail::check(plattli_table_column(table_.get(), i, &column));
        return ColumnView(column);
    }

private:
    detail::Owned<plattli_table, plattli_table_free> table_;
};

/// A run that is being read, as it was when it was opened or last refreshed. May be used from any thread. All calls
/// throw Error unless they say otherwise.
class Reader {
public:
    Reader() noexcept = default;
    /// Opens a run directory, a run folder or an archive. A run that is being written may be opened at any time.
    explicit Reader(const detail::Name& path, const ReaderOptions& options = {}) { open(path, options).check(); }
    Reader(std::nullptr_t) = delete;

    /// As the constructor, without throwing. What was open before is closed.
    Status open(const detail::Name& path, const ReaderOptions& options = {}) noexcept {
        handle_.reset();
        const detail::Owned<plattli_reader_options, plattli_reader_options_free> raw(plattli_reader_options_new());
        detail::Setter set(raw.get());
        set.choose(plattli_reader_options_set_kind, options.kind);
        set.given(plattli_reader_options_set_exclude_hot, options.exclude_hot);
        set.given(plattli_reader_options_set_strict, options.strict);
        if (set.status() != PLATTLI_OK) return Status(set.status());
        plattli_reader* handle = nullptr;
        const Status status(plattli_reader_open(path.c_str(), raw.get(), &handle));
        handle_.reset(handle);
        return status;
    }
    bool is_open() const noexcept { return handle_ != nullptr; }
    /// Never throws. A second call does nothing.
    void close() noexcept { handle_.reset(); }
    /// Looks at the run anew. After an error the reader stays as it was.
    void refresh() { detail::check(plattli_reader_refresh(handle_.get())); }

    /// The names of the metrics, sorted.
    std::vector<std::string> metrics() const {
        std::size_t n = 0;
        detail::check(plattli_reader_metric_count(handle_.get(), &n));
        std::vector<std::string> names;
        names.reserve(n);
        for (std::size_t i = 0; i < n; ++i) {
            const char* name = nullptr;
            detail::check(plattli_reader_metric_name(handle_.get(), i, &name));
            names.emplace_back(name);
        }
        return names;
    }
    MetricInfo info(const detail::Name& name) const {
        plattli_metric_info raw{};
        raw.size = sizeof raw;
        detail::check(plattli_reader_metric_info(handle_.get(), name.c_str(), &raw));
        return {static_cast<DType>(raw.dtype), raw.monotonic, raw.rows, raw.first_step, raw.last_step};
    }
    std::uint64_t rows(const detail::Name& name) const {
        std::uint64_t rows = 0;
        detail::check(plattli_reader_rows(handle_.get(), name.c_str(), &rows));
        return rows;
    }
    /// An estimate of the rows of the longest metric that looks at no more than `probes` files.
    std::uint64_t approx_max_rows(std::uint32_t probes = 12) const {
        std::uint64_t rows = 0;
        detail::check(plattli_reader_approx_max_rows(handle_.get(), probes, &rows));
        return rows;
    }
    /// The configuration of the run as JSON text; `Code::not_found` if it has none.
    std::string config() const {
        const char* json = nullptr;
        std::size_t size = 0;
        detail::check(plattli_reader_config(handle_.get(), &json, &size));
        return {json, size};
    }
    /// When the run was last described, as `YYYY-MM-DDTHH:MM:SSZ`; `Code::not_found` if it does not say.
    std::string when_exported() const {
        const char* time = nullptr;
        detail::check(plattli_reader_when_exported(handle_.get(), &time));
        return time;
    }
    /// What was skipped or looks wrong, though it was no error.
    std::vector<std::string> warnings() const {
        std::vector<std::string> warnings;
        for (std::size_t i = 0;; ++i) {
            const char* text = nullptr;
            const std::int32_t status = plattli_reader_warnings(handle_.get(), i, &text);
            if (status == PLATTLI_ERR_NOT_FOUND) return warnings;
            detail::check(status);
            warnings.emplace_back(text);
        }
    }

    /// Rows of a metric, in the library's memory.
    Column column(const detail::Name& name, const Selection& selection = {}, As as = As::standard) const {
        plattli_column* column = nullptr;
        detail::check(plattli_reader_column(handle_.get(), name.c_str(), selection.raw(), static_cast<std::int32_t>(as),
                                            &column));
        return Column(column);
    }
    /// Metrics side by side, at the steps at which each of them has a value. The selection names rows of this table.
    template <class Names>
    Table table(const Names& names, const Selection& selection = {}, As as = As::standard) const {
        return table(names, nullptr, selection, as);
    }
    Table table(std::initializer_list<std::string_view> names, const Selection& selection = {},
                As as = As::standard) const {
        return table(names, nullptr, selection, as);
    }
    /// As above; the selection names rows of the metric `on`, of which those remain that all have.
    template <class Names>
    Table table_on(const detail::Name& on, const Names& names, const Selection& selection, As as = As::standard) const {
        return table(names, on.c_str(), selection, as);
    }
    Table table_on(const detail::Name& on, std::initializer_list<std::string_view> names, const Selection& selection,
                   As as = As::standard) const {
        return table(names, on.c_str(), selection, as);
    }

    /// Rows of a metric as vectors. T is `double`, `float`, or an integer type, in which every value must be exact.
    template <class T>
    Series<T> read(const detail::Name& name, const Selection& selection = {}) const {
        using Fixed = detail::fixed_width<T>;
        static_assert(detail::is_number<T> && !std::is_same_v<T, bool>,
                      "numbers are read as float, double or an integer type; JSON as column(name).json(row)");
        Series<T> series;
        if constexpr (reads_in_place<T>) {
            series.values.resize(rows_selected<T>(name.c_str(), selection));
            series.steps.resize(series.values.size());
            read_into(name, series.values.data(), series.steps.data(), series.values.size(), selection);
        } else {
            const Column column = this->column(name, selection, static_cast<As>(detail::Calls<Fixed>::dtype));
            const auto steps = column.steps();
            const auto values = column.template values<T>();
            series.steps.assign(steps.begin(), steps.end());
            series.values.assign(values.begin(), values.end());
        }
        return series;
    }
    /// Rows of a metric straight into your memory, which has room for `capacity` values and, unless `steps` is NULL,
    /// as many steps. Returns how many there are; `Code::buffer` if they are more. T is `double`, `float`,
    /// `std::int64_t` or `std::uint64_t`.
    template <class T>
    std::size_t read_into(const detail::Name& name, T* values, std::uint32_t* steps, std::size_t capacity,
                          const Selection& selection = {}) const {
        static_assert(reads_in_place<T>, "float, double, std::int64_t and std::uint64_t are read in place");
        std::size_t n = 0;
        detail::check(call_read(name.c_str(), selection, steps, values, capacity, &n));
        return n;
    }

    /// The handle of C, which remains the reader's.
    plattli_reader* handle() const noexcept { return handle_.get(); }

private:
    template <class T>
    static constexpr bool reads_in_place = std::is_same_v<T, double> || std::is_same_v<T, float> ||
                                     std::is_same_v<T, std::int64_t> || std::is_same_v<T, std::uint64_t>;

    template <class T>
    std::int32_t call_read(const char* name, const Selection& selection, std::uint32_t* steps, T* values,
                           std::size_t capacity, std::size_t* n) const noexcept {
        if constexpr (std::is_same_v<T, double>)
            return plattli_read_f64(handle_.get(), name, selection.raw(), steps, values, capacity, n);
        else if constexpr (std::is_same_v<T, float>)
            return plattli_read_f32(handle_.get(), name, selection.raw(), steps, values, capacity, n);
        else if constexpr (std::is_same_v<T, std::int64_t>)
            return plattli_read_i64(handle_.get(), name, selection.raw(), steps, values, capacity, n);
        else
            return plattli_read_u64(handle_.get(), name, selection.raw(), steps, values, capacity, n);
    }
    template <class T>
    std::size_t rows_selected(const char* name, const Selection& selection) const {
        std::size_t n = 0;
        const std::int32_t status = call_read<T>(name, selection, nullptr, nullptr, 0, &n);
        if (status != PLATTLI_ERR_BUFFER) detail::check(status);
        return n;
    }
    template <class Names>
    Table table(const Names& names, const char* on, const Selection& selection, As as) const {
        std::vector<std::string> terminated;
        for (const auto& name : names) terminated.emplace_back(name);
        std::vector<const char*> pointers;
        for (const std::string& name : terminated) pointers.push_back(detail::Name(name).c_str());
        plattli_table* table = nullptr;
        detail::check(plattli_reader_table(handle_.get(), pointers.data(), pointers.size(), on, selection.raw(),
                                           static_cast<std::int32_t>(as), &table));
        return Table(table);
    }

    detail::Owned<plattli_reader, plattli_reader_close> handle_;
};

// -- the rest -----------------------------------------------------------------------------------------------------------

/// Turns the JSON-lines file `log` into the finished run `run_dir/metrics.plattli`. Throws Error.
inline plattli_import_report import_jsonl(const detail::Name& log, const detail::Name& run_dir,
                                          const ImportOptions& options = {}) {
    const detail::Owned<plattli_import_options, plattli_import_options_free> raw(plattli_import_options_new());
    detail::Setter set(raw.get());
    std::vector<const char*> patterns;
    // The text of a Name made of a std::string is that string's own.
    for (const std::string& pattern : options.skip_columns) patterns.push_back(detail::Name(pattern).c_str());
    set.set(plattli_import_options_set_skip_columns, patterns.data(), patterns.size());
    set.given(plattli_import_options_set_allow_rewinds, options.allow_rewinds);
    set.given(plattli_import_options_set_overwrite, options.overwrite);
    set.given(plattli_import_options_set_double, options.double_precision);
    set.given(plattli_import_options_set_skip_torn_tail, options.skip_torn_tail);
    detail::check(set.status());
    plattli_import_report report{};
    report.size = sizeof report;
    detail::check(plattli_import_jsonl(log.c_str(), run_dir.c_str(), raw.get(), &report));
    return report;
}

/// The version of the library that runs, as `major << 16 | minor << 8 | patch`; PLATTLI_VERSION is that of the header.
inline std::uint32_t version() noexcept { return plattli_version(); }
/// The same as text.
inline std::string_view version_string() noexcept { return plattli_version_string(); }
/// Whether the library has a feature: `"run"`, `"patterns"`.
inline bool has_feature(const detail::Name& name) noexcept { return plattli_has_feature(name.c_str()); }

}  // namespace plattli

#endif
