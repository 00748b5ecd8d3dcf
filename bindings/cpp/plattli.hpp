// plattli for C++17: metrics of simulation codes, one call per metric per step; what a restart needs; events; tables.
//
//     plattli::Writer run("heat");       // throws plattli::Error
//     run.write("residual", residual);   // never throws
//     run.end_step();                    // never throws, returns the first error of the step
//     run.finish();                      // throws
//
// State keeps keys for a restart, Journal events of many writers, Stream tables under a quota; ArrowStream reads tables.
//
// The calls of a time loop (write, end_step, flush, sync, append …) are noexcept and return a Status, which may be left
// alone: the first failure is kept, and `check` throws it. All other calls (constructors, metric, finish, close, all of
// State …) throw plattli::Error. Destructors close quietly and never finish a run.
//
// All of it is inline over the C header; its contract (threads, fork, what an acknowledged step survives) is that of
// docs/c-api.md and docs/durability.md.
//
// SPDX-License-Identifier: MIT OR Apache-2.0
#ifndef PLATTLI_HPP
#define PLATTLI_HPP

#include <plattli.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <iterator>
#include <limits>
#include <locale>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <sstream>
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

/// When the entries of a state are forced to stable storage.
enum class Sync : std::int32_t {
    every = PLATTLI_SYNC_EVERY,        ///< Each before its call returns.
    interval = PLATTLI_SYNC_INTERVAL,  ///< By a thread, on an interval.
    none = PLATTLI_SYNC_NONE,          ///< When the operating system sees fit.
};
/// What the closed segments of a stream are.
enum class SegmentFormat : std::int32_t { arrow = PLATTLI_SEGMENT_ARROW, parquet = PLATTLI_SEGMENT_PARQUET };
/// The order of the rows of a query.
enum class Order : std::int32_t { ascending = PLATTLI_ASCENDING, descending = PLATTLI_DESCENDING };
/// Why a page of a query ended.
enum class PageEnd : std::int32_t {
    all = PLATTLI_PAGE_ALL,                      ///< There is nothing more at the moment.
    schema_change = PLATTLI_PAGE_SCHEMA_CHANGE,  ///< What follows has other columns.
    row_limit = PLATTLI_PAGE_ROW_LIMIT,          ///< There are more rows than a page may have.
    byte_limit = PLATTLI_PAGE_BYTE_LIMIT,        ///< There are more bytes than a page may have.
};

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

/// The texts of a list of C, which is released.
inline std::vector<std::string> texts(plattli_strings* list) {
    const Owned<plattli_strings, plattli_strings_free> owned(list);
    std::vector<std::string> texts;
    texts.reserve(plattli_strings_len(list));
    for (std::size_t i = 0; i < plattli_strings_len(list); ++i) {
        const char* text = nullptr;
        std::size_t size = 0;
        check(plattli_strings_get(list, i, &text, &size));
        texts.emplace_back(text, size);
    }
    return texts;
}
/// The text of a string of C, which is released.
inline std::string text(plattli_string* string) {
    const Owned<plattli_string, plattli_string_free> owned(string);
    return {plattli_string_data(string), plattli_string_len(string)};
}
/// Pointers to names, as C takes them. The names must be those of a container that stays.
inline std::vector<const char*> pointers(const std::vector<std::string>& names) {
    std::vector<const char*> pointers;
    // The text of a Name made of a std::string is that string's own.
    for (const std::string& name : names) pointers.push_back(Name(name).c_str());
    return pointers;
}

// JSON of single values. The library checks what it is given; what it gives is sound.

/// A real number with all its digits, recognisable as one: 3 is "3.0".
inline std::string json_of(double value) {
    if (!std::isfinite(value)) throw Error(Code::argument, "NaN and infinity have no JSON: keep them as text");
#ifdef __cpp_lib_to_chars
    char digits[32];
    std::string text(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
#else
    std::ostringstream out;
    out.imbue(std::locale::classic());
    out.precision(std::numeric_limits<double>::max_digits10);
    out << value;
    std::string text = out.str();
#endif
    return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}
inline std::string json_of(bool value) { return value ? "true" : "false"; }
template <class T>
std::enable_if_t<std::is_integral_v<T>, std::string> json_of(T value) {
    return std::to_string(value);
}
inline std::string json_of(Json json) { return std::string(json.text); }
inline std::string json_of(std::string_view text) {
    static const char* const digits = "0123456789abcdef";
    std::string json = "\"";
    for (const char c : text) {
        const auto code = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') (json += '\\') += c;
        else if (code < 0x20) ((json += "\\u00") += digits[code >> 4]) += digits[code & 15];
        else json += c;
    }
    return json += '"';
}

inline std::uint32_t four_hex_digits(std::string_view text) noexcept {
    std::uint32_t code = 0;
    std::from_chars(text.data(), text.data() + 4, code, 16);
    return code;
}
inline void append_utf8(std::string& to, std::uint32_t code) {
    const auto byte = [&](std::uint32_t value) { to += static_cast<char>(static_cast<unsigned char>(value)); };
    if (code < 0x80) return byte(code);
    if (code < 0x800) byte(0xc0 | code >> 6);
    else if (code < 0x10000) byte(0xe0 | code >> 12), byte(0x80 | (code >> 6 & 0x3f));
    else byte(0xf0 | code >> 18), byte(0x80 | (code >> 12 & 0x3f)), byte(0x80 | (code >> 6 & 0x3f));
    byte(0x80 | (code & 0x3f));
}
/// The text of a JSON string.
inline std::string text_of_json(std::string_view json) {
    std::string text;
    for (std::size_t i = 1; i + 1 < json.size(); ++i) {
        if (json[i] != '\\') {
            text += json[i];
            continue;
        }
        switch (const char c = json[++i]) {
            case 'b': text += '\b'; break;
            case 'f': text += '\f'; break;
            case 'n': text += '\n'; break;
            case 'r': text += '\r'; break;
            case 't': text += '\t'; break;
            case 'u': {
                std::uint32_t code = four_hex_digits(json.substr(i + 1, 4));
                i += 4;
                if (code >> 10 == 0xd800 >> 10) {  // the first half of a pair
                    code = 0x10000 + ((code & 0x3ff) << 10) + (four_hex_digits(json.substr(i + 3, 4)) & 0x3ff);
                    i += 6;
                }
                append_utf8(text, code);
                break;
            }
            default: text += c;
        }
    }
    return text;
}
/// A value of JSON as T; nothing if it is no such value.
template <class T>
std::optional<T> from_json(const std::string& json) {
    static_assert((is_number<T>) || std::is_same_v<T, std::string>,
                  "a key is read as float, double, an integer type, bool or std::string, or with json(key)");
    const char* const begin = json.data();
    const char* const end = begin + json.size();
    if constexpr (std::is_same_v<T, std::string>) {
        if (*begin == '"') return text_of_json(json);
    } else if constexpr (std::is_same_v<T, bool>) {
        if (json == "true" || json == "false") return json == "true";
    } else if constexpr (std::is_integral_v<T>) {
        T value{};
        const auto [stop, error] = std::from_chars(begin, end, value);
        if (error == std::errc() && stop == end) return value;
    } else if (*begin == '-' || (*begin >= '0' && *begin <= '9')) {
        double value = 0;
#ifdef __cpp_lib_to_chars
        const auto [stop, error] = std::from_chars(begin, end, value);
        const bool sound = error == std::errc() && stop == end;
#else
        std::istringstream in(json);
        in.imbue(std::locale::classic());
        const bool sound = static_cast<bool>(in >> value);
#endif
        if (sound && static_cast<double>(static_cast<T>(value)) == value) return static_cast<T>(value);
    }
    return std::nullopt;
}

/// What keeps the first failure of its calls.
class Noting {
public:
    /// Throws the first failure, since the last check, of the calls that return a Status, if there was one.
    void check() {
        if (latch_) latch_->raise();
    }

protected:
    Noting() noexcept = default;
    Noting(Noting&&) noexcept = default;
    Noting& operator=(Noting&&) noexcept = default;
    ~Noting() = default;

    void forget() noexcept { latch_.reset(new (std::nothrow) Latch); }
    Status note(std::int32_t status) noexcept { return status == PLATTLI_OK ? Status() : note(Status(status)); }
    Status note(Status status) noexcept {
        if (latch_) latch_->keep(status);
        return status;
    }

private:
    std::unique_ptr<Latch> latch_;
};

/// Applies setters until one fails.
template <class Options>
class Setter {
public:
    explicit Setter(Options* options) noexcept : options_(options) {}
    template <class... Parameters, class... Arguments>
    void set(std::int32_t (*setter)(Options*, Parameters...), Arguments... arguments) noexcept {
        if (status_) status_ = Status(setter(options_, arguments...));
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
    void name(std::int32_t (*setter)(Options*, const char*), const std::optional<std::string>& name) noexcept {
        if (name) set(setter, Name(*name).c_str());
    }
    void names(std::int32_t (*setter)(Options*, const char* const*, std::size_t), const std::vector<std::string>& names) {
        if (!names.empty()) set(setter, pointers(names).data(), names.size());
    }
    void time(std::int32_t (*setter)(Options*, std::uint64_t), const std::optional<std::chrono::milliseconds>& time) noexcept {
        if (!time) return;
        if (time->count() >= 0) set(setter, static_cast<std::uint64_t>(time->count()));
        else if (status_) status_ = Status(Code::argument, "a time is negative");
    }
    Status status() const noexcept { return status_; }

private:
    Options* options_;
    Status status_;
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

/// How a state is opened.
struct StateOptions {
    std::optional<Sync> sync = {};                                ///< Every entry unless set.
    std::optional<std::chrono::milliseconds> sync_interval = {};  ///< Chooses `Sync::interval`; one second unless set.
    std::optional<std::uint64_t> threshold = {};  ///< Bytes of the log above which it needs compaction; 1 MiB unless set.
    std::optional<std::uint32_t> backups = {};    ///< Compacted logs that are kept; 3 unless set.
    std::optional<bool> snapshot = {};            ///< `NAME.json`, for people, at each compaction and at close.
    std::optional<bool> salvage = {};    ///< A damaged log is taken for what still parses rather than `Code::corrupt`.
    std::optional<bool> read_only = {};  ///< Nothing is locked or written.
    std::optional<bool> lock = {};       ///< Whether a second writer is refused; true unless set.
};

/// How a journal is opened.
struct JournalOptions {
    std::optional<std::uint64_t> threshold = {};  ///< Events that wait until they are stored together; 32 unless set.
    std::optional<std::uint64_t> max_object_bytes = {};           ///< Of a compacted object; 256 MiB unless set.
    std::optional<std::chrono::milliseconds> lease_expiry = {};   ///< When a compaction counts as dead; ten minutes.
    std::optional<Durability> durability = {};                    ///< Of a flush, in a folder; system unless set.
};

/// How a stream store is opened. Times of 0 mean never, if not said otherwise.
struct StreamOptions {
    std::optional<SegmentFormat> format = {};                  ///< Arrow unless set.
    std::optional<std::uint64_t> roll_rows = {};               ///< A segment is closed beyond; 100,000 unless set.
    std::optional<std::uint64_t> roll_bytes = {};              ///< A segment is closed beyond; 100 MiB unless set.
    std::optional<std::chrono::milliseconds> roll_age = {};    ///< A segment is closed beyond; never unless set.
    std::optional<std::chrono::milliseconds> checkpoint = {};  ///< How often rows are written by themselves; 1 s.
    std::optional<bool> sync = {};                             ///< A checkpoint reaches the disk itself; true unless set.
    std::optional<std::uint64_t> partition_bytes = {};         ///< On disk, of one partition; 1 GiB unless set.
    std::optional<std::uint64_t> partition_segments = {};      ///< Closed, of one partition; 10,000 unless set.
    std::optional<std::uint64_t> store_bytes = {};             ///< On disk, of the store; 1 GiB unless set.
    std::optional<std::chrono::milliseconds> max_age = {};     ///< Segments that are older go; never unless set.
    std::optional<std::uint64_t> min_free_bytes = {};          ///< Of the disk, to take rows; 1 GB unless set, 0: any.
    std::optional<std::size_t> open_topics = {};               ///< At once; 128 unless set.
    std::optional<std::uint64_t> active_bytes = {};            ///< Of rows that no file has yet; 3500 MiB unless set.
    std::optional<std::chrono::milliseconds> overload_wait = {};    ///< Before `Code::overloaded`; 100 ms unless set.
    std::optional<std::size_t> threads = {};                        ///< That write; 2 unless set, 0: the caller's.
    std::optional<std::string> manifest = {};                       ///< Where it is, if not in the folder.
    std::optional<std::string> replicate = {};                      ///< Where closed segments are copied to.
    std::optional<std::chrono::milliseconds> replicate_every = {};  ///< 0 or not set: by `Stream::replicate` alone.
    std::optional<bool> drop_waiting = {};  ///< Retention may drop segments that still wait to be copied.
};

/// Times, both ends included.
struct TimeRange {
    std::int64_t from_ms;
    std::int64_t to_ms;
};

/// What is wanted of a stream: `plattli::Query query; query.topic = "probe";`.
struct Query {
    std::string topic = {};                             ///< Each query needs one.
    std::vector<std::string> partitions = {};           ///< All if there are none, or those that match `pattern`.
    std::optional<std::string> pattern = {};            ///< A regular expression found in the names of partitions.
    std::optional<Order> order = {};                    ///< Ascending unless set.
    std::optional<std::uint64_t> start = {};            ///< The first index, or the one before which to begin.
    std::optional<TimeRange> time = {};                 ///< All times unless set.
    std::optional<std::uint64_t> max_rows = {};         ///< Of a page; 10,000 unless set.
    std::optional<std::uint64_t> max_bytes = {};        ///< After which a page ends; 10,240,000 unless set.
    std::vector<std::string> pick = {};                 ///< These columns, in this order; all if there are none.
    std::vector<std::string> exclude = {};              ///< Not these columns.
    std::optional<std::string> flatten = {};            ///< Fields of structs become columns, joined by this.
    std::optional<std::uint64_t> max_value_bytes = {};  ///< Longer texts become null.
    std::optional<bool> labels = {};                    ///< Columns `_partition` and `_index` say where rows are from.
    std::optional<std::string> cursor = {};             ///< Goes on where a page ended: `Cursor::text`.
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
class Writer : public detail::Noting {
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
        forget();
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
        if (!set.status()) return set.status();
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
        set.status().check();
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

// -- tables: the Arrow C data interface -------------------------------------------------------------------------------

/// The type of a column of a table.
enum class ArrowType { boolean, i8, i16, i32, i64, u8, u16, u32, u64, f32, f64, text, category, other };

namespace detail {

/// A struct of the Arrow C data interface, released by whoever has it last.
template <class T>
class Arrow {
public:
    Arrow() noexcept = default;
    /// Takes it over.
    explicit Arrow(T& from) noexcept : raw(std::exchange(from, T{})) {}
    Arrow(Arrow&& other) noexcept : Arrow(other.raw) {}
    Arrow& operator=(Arrow&& other) noexcept {
        std::swap(raw, other.raw);
        return *this;
    }
    ~Arrow() {
        if (raw.release != nullptr) raw.release(&raw);
    }
    T raw{};
};

inline ArrowType arrow_type(const ArrowSchema& schema) noexcept {
    const std::string_view format = schema.format;
    const auto is_text = [](std::string_view f) { return f == "u" || f == "U"; };
    if (schema.dictionary != nullptr) return is_text(schema.dictionary->format) ? ArrowType::category : ArrowType::other;
    if (is_text(format)) return ArrowType::text;
    if (format.substr(0, 2) == "ts" || format.substr(0, 2) == "tD") return ArrowType::i64;
    if (format.size() != 1) return ArrowType::other;
    switch (format[0]) {
        case 'b': return ArrowType::boolean;
        case 'c': return ArrowType::i8;
        case 's': return ArrowType::i16;
        case 'i': return ArrowType::i32;
        case 'l': return ArrowType::i64;
        case 'C': return ArrowType::u8;
        case 'S': return ArrowType::u16;
        case 'I': return ArrowType::u32;
        case 'L': return ArrowType::u64;
        case 'f': return ArrowType::f32;
        case 'g': return ArrowType::f64;
        default: return ArrowType::other;
    }
}

template <class T>
struct Unwrapped {
    using type = T;
};
template <class T>
struct Unwrapped<std::optional<T>> {
    using type = T;
};

/// Calls `use` with a NULL pointer to the type of the numbers of a column; false if they are no numbers.
template <class Use>
bool with_number_type(ArrowType type, Use use) {
    switch (type) {
        case ArrowType::i8: return use(static_cast<const std::int8_t*>(nullptr)), true;
        case ArrowType::i16: return use(static_cast<const std::int16_t*>(nullptr)), true;
        case ArrowType::i32: return use(static_cast<const std::int32_t*>(nullptr)), true;
        case ArrowType::i64: return use(static_cast<const std::int64_t*>(nullptr)), true;
        case ArrowType::u8: return use(static_cast<const std::uint8_t*>(nullptr)), true;
        case ArrowType::u16: return use(static_cast<const std::uint16_t*>(nullptr)), true;
        case ArrowType::u32: return use(static_cast<const std::uint32_t*>(nullptr)), true;
        case ArrowType::u64: return use(static_cast<const std::uint64_t*>(nullptr)), true;
        case ArrowType::f32: return use(static_cast<const float*>(nullptr)), true;
        case ArrowType::f64: return use(static_cast<const double*>(nullptr)), true;
        default: return false;
    }
}

/// The place of a column in a table; the error names those that there are.
inline std::size_t arrow_place(const ArrowSchema& schema, std::string_view name) {
    std::string known;
    for (std::int64_t i = 0; i < schema.n_children; ++i) {
        if (schema.children[i]->name == name) return static_cast<std::size_t>(i);
        known.append(i > 0 ? ", " : "").append(schema.children[i]->name);
    }
    throw Error(Code::not_found, "there is no column \"" + std::string(name) + "\"; there are: " + known);
}

}  // namespace detail

/// A column of an ArrowBatch, as long as that lives.
class ArrowColumn {
public:
    std::string_view name() const noexcept { return schema_->name; }
    ArrowType type() const noexcept { return detail::arrow_type(*schema_); }
    /// The type as the Arrow C data interface spells it; for `ArrowType::category` that of its numbers.
    std::string_view format() const noexcept { return schema_->format; }
    std::size_t size() const noexcept { return size_; }

    bool is_null(std::size_t i) const noexcept {
        const auto* valid = array_->null_count == 0 ? nullptr : buffer<std::uint8_t>(0);
        return valid != nullptr && !bit(valid, i);
    }
    std::size_t null_count() const noexcept {
        std::size_t count = 0;
        for (std::size_t i = 0; i < size_; ++i) count += is_null(i);
        return count;
    }

    /// The numbers, which must be of type T, where they are. Those of nulls mean nothing. Throws Error.
    template <class T>
    View<T> values() const {
        static_assert(detail::is_number<T> && !std::is_same_v<T, bool>,
                      "numbers can be looked at; other values are had with boolean(i), text(i) and copy");
        bool same = false;
        detail::with_number_type(type(), [&](const auto* as) {
            same = std::is_same_v<decltype(as), const detail::fixed_width<T>*>;
        });
        if (!same || schema_->dictionary != nullptr) throw other_type();
        return {reinterpret_cast<const T*>(buffer<detail::fixed_width<T>>(1)) + offset_, size_};
    }
    /// A truth value; false if it is null. Throws Error.
    bool boolean(std::size_t i) const {
        if (type() != ArrowType::boolean) throw other_type();
        return !is_null(i) && bit(buffer<std::uint8_t>(1), i);
    }
    /// A text, also that of a category; empty if it is null. Throws Error.
    std::string_view text(std::size_t i) const {
        const ArrowType type = this->type();
        if (type == ArrowType::category) return is_null(i) ? std::string_view() : category(i);
        if (type != ArrowType::text) throw other_type();
        return is_null(i) ? std::string_view() : text_at(*schema_, *array_, offset_ + i);
    }

    /// All values. T is `double`, `float`, an integer type, `bool` or `std::string`, in which every value must be exact;
    /// or `std::optional` of these, empty where the column is null. Without it NaN stands for null; a column of other
    /// values that has nulls is `Code::type`. Throws Error.
    template <class T>
    std::vector<T> copy() const {
        std::vector<T> values;
        append_to(values);
        return values;
    }
    /// The same, at the end of a vector.
    template <class T>
    void append_to(std::vector<T>& to) const {
        using Value = typename detail::Unwrapped<T>::type;
        static_assert(detail::is_number<Value> || std::is_same_v<Value, std::string>,
                      "a column is copied as float, double, an integer type, bool or std::string");
        to.reserve(to.size() + size_);
        if constexpr (std::is_same_v<Value, bool>) {
            if (type() != ArrowType::boolean) throw other_type();
            fill(to, [this](std::size_t i) { return boolean(i); });
        } else if constexpr (std::is_same_v<Value, std::string>) {
            if (type() != ArrowType::text && type() != ArrowType::category) throw other_type();
            fill(to, [this](std::size_t i) { return std::string(text(i)); });
        } else {
            const bool numbers = detail::with_number_type(type(), [&](const auto* as) {
                using Stored = std::remove_const_t<std::remove_pointer_t<decltype(as)>>;
                if constexpr (detail::fits<Value, Stored>()) {
                    const auto* const stored = buffer<Stored>(1) + offset_;
                    fill(to, [stored](std::size_t i) { return static_cast<Value>(stored[i]); });
                } else {
                    throw other_type();
                }
            });
            if (!numbers) throw other_type();
        }
    }

private:
    friend class ArrowBatch;
    ArrowColumn(const ArrowSchema* schema, const ArrowArray* array, std::int64_t offset, std::int64_t size) noexcept
        : schema_(schema),
          array_(array),
          offset_(static_cast<std::size_t>(array->offset + offset)),
          size_(static_cast<std::size_t>(size)) {}

    template <class T>
    const T* buffer(std::size_t i) const noexcept {
        return static_cast<const T*>(array_->buffers[i]);
    }
    bool bit(const std::uint8_t* bits, std::size_t i) const noexcept {
        const std::size_t at = offset_ + i;
        return (bits[at / 8] >> (at % 8) & 1) != 0;
    }
    Error other_type() const {
        return Error(Code::type, "the column \"" + std::string(name()) + "\" holds values of another type (\"" +
                                     std::string(format()) + "\") than was asked for");
    }
    template <class T, class Get>
    void fill(std::vector<T>& to, Get get) const {
        for (std::size_t i = 0; i < size_; ++i) {
            if (!is_null(i)) to.push_back(get(i));
            else if constexpr (!std::is_same_v<T, typename detail::Unwrapped<T>::type>) to.push_back(std::nullopt);
            else if constexpr (std::is_floating_point_v<T>) to.push_back(std::numeric_limits<T>::quiet_NaN());
            else
                throw Error(Code::type, "the column \"" + std::string(name()) + "\" has nulls: ask for std::optional");
        }
    }
    static std::string_view text_at(const ArrowSchema& schema, const ArrowArray& array, std::size_t at) noexcept {
        const auto cut = [&](const auto* ends) {
            const auto* const bytes = static_cast<const char*>(array.buffers[2]);
            const auto size = static_cast<std::size_t>(ends[at + 1] - ends[at]);
            return size == 0 ? std::string_view() : std::string_view(bytes + ends[at], size);
        };
        if (schema.format[0] == 'U') return cut(static_cast<const std::int64_t*>(array.buffers[1]));
        return cut(static_cast<const std::int32_t*>(array.buffers[1]));
    }
    std::string_view category(std::size_t i) const noexcept {
        std::size_t key = 0;
        ArrowSchema keys = *schema_;
        keys.dictionary = nullptr;
        detail::with_number_type(detail::arrow_type(keys), [&](const auto* as) {
            using Key = std::remove_const_t<std::remove_pointer_t<decltype(as)>>;
            key = static_cast<std::size_t>(buffer<Key>(1)[offset_ + i]);
        });
        const ArrowArray& texts = *array_->dictionary;
        return text_at(*schema_->dictionary, texts, static_cast<std::size_t>(texts.offset) + key);
    }

    const ArrowSchema* schema_;
    const ArrowArray* array_;
    std::size_t offset_, size_;
};

/// Rows of a table. Plain memory: it outlives whatever it came from and may be read by any thread.
class ArrowBatch {
public:
    /// How many rows.
    std::size_t size() const noexcept { return static_cast<std::size_t>(array_.raw.length); }
    std::size_t column_count() const noexcept { return static_cast<std::size_t>(schema_->raw.n_children); }
    /// A column by its name, or by its place. Throws Error. Name the batch: a column looks at it.
    ArrowColumn column(std::string_view name) const& { return at(detail::arrow_place(schema_->raw, name)); }
    ArrowColumn column(std::string_view name) const&& = delete;
    ArrowColumn column(std::size_t i) const& {
        if (i >= column_count()) throw Error(Code::not_found, "there is no column " + std::to_string(i));
        return at(i);
    }
    ArrowColumn column(std::size_t i) const&& = delete;

    /// The structs of the Arrow C data interface, which remain the batch's.
    const ArrowArray& array() const noexcept { return array_.raw; }
    const ArrowSchema& schema() const noexcept { return schema_->raw; }

private:
    friend class ArrowStream;
    using Schema = std::shared_ptr<const detail::Arrow<ArrowSchema>>;
    ArrowBatch(Schema schema, detail::Arrow<ArrowArray> array) noexcept
        : schema_(std::move(schema)), array_(std::move(array)) {}
    ArrowColumn at(std::size_t i) const noexcept {
        return {schema_->raw.children[i], array_.raw.children[i], array_.raw.offset, array_.raw.length};
    }

    Schema schema_;
    detail::Arrow<ArrowArray> array_;
};

/// All rows of a table, batch after batch.
class ArrowTable {
public:
    /// How many rows.
    std::size_t size() const noexcept {
        std::size_t size = 0;
        for (const ArrowBatch& batch : batches_) size += batch.size();
        return size;
    }
    /// The names of the columns, in their order.
    const std::vector<std::string>& columns() const noexcept { return columns_; }
    /// The values of a column, as `ArrowColumn::copy` gives them. Throws Error.
    template <class T>
    std::vector<T> column(std::string_view name) const {
        detail::arrow_place(schema_->raw, name);
        std::vector<T> values;
        values.reserve(size());
        for (const ArrowBatch& batch : batches_) batch.column(name).append_to(values);
        return values;
    }
    const std::vector<ArrowBatch>& batches() const& noexcept { return batches_; }
    std::vector<ArrowBatch> batches() && noexcept { return std::move(batches_); }

private:
    friend class ArrowStream;
    ArrowTable() = default;
    std::shared_ptr<const detail::Arrow<ArrowSchema>> schema_;
    std::vector<std::string> columns_;
    std::vector<ArrowBatch> batches_;
};

/// A table that is taken batch by batch, from a query or a reader, which it outlives. For one thread at a time. Calls
/// throw Error unless they say otherwise.
///
///     while (auto batch = rows.next()) {
///         const auto column = batch->column("temperature");
///         for (double value : column.values<double>()) …
///     }
class ArrowStream {
public:
    /// Takes over a stream of C, from here or from another library.
    explicit ArrowStream(ArrowArrayStream& stream) : stream_(stream) {
        if (stream_.raw.release == nullptr) throw Error(Code::argument, "the stream of Arrow was released already");
        detail::Arrow<ArrowSchema> schema;
        told(stream_.raw.get_schema(&stream_.raw, &schema.raw));
        if (std::string_view(schema.raw.format) != "+s")
            throw Error(Code::type, "the stream of Arrow holds no tables, but \"" + std::string(schema.raw.format) + "\"");
        schema_ = std::make_shared<const detail::Arrow<ArrowSchema>>(std::move(schema));
    }

    /// The names of the columns, in their order.
    std::vector<std::string> columns() const {
        std::vector<std::string> names;
        const ArrowSchema& schema = schema_->raw;
        for (std::int64_t i = 0; i < schema.n_children; ++i) names.emplace_back(schema.children[i]->name);
        return names;
    }
    /// The next batch; none after the last.
    std::optional<ArrowBatch> next() {
        detail::Arrow<ArrowArray> array;
        if (stream_.raw.release == nullptr) throw Error(Code::argument, "the stream of Arrow was given away");
        told(stream_.raw.get_next(&stream_.raw, &array.raw));
        if (array.raw.release == nullptr) return std::nullopt;
        return ArrowBatch(schema_, std::move(array));
    }
    /// All batches that are left.
    ArrowTable read() {
        ArrowTable table;
        table.schema_ = schema_;
        table.columns_ = columns();
        while (std::optional<ArrowBatch> batch = next()) table.batches_.push_back(std::move(*batch));
        return table;
    }
    /// Gives the stream away, to a library that takes an `ArrowArrayStream` and releases it. Never throws.
    ArrowArrayStream release() noexcept { return std::exchange(stream_.raw, ArrowArrayStream{}); }

private:
    void told(int error) {
        if (error == 0) return;
        const char* const text = stream_.raw.get_last_error(&stream_.raw);
        const Code code = error == EINVAL ? Code::argument : error == ENOSYS ? Code::unsupported : Code::io;
        throw Error(code, text != nullptr ? text : std::strerror(error));
    }

    detail::Arrow<ArrowArrayStream> stream_;
    std::shared_ptr<const detail::Arrow<ArrowSchema>> schema_;
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
        if (!set.status()) return set.status();
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

    /// Metrics as a table of Arrow: a column `step` and one per metric, at the steps at which each of them has a value.
    /// Without names all metrics. Integers are `std::int64_t`, floats as stored, JSON is text.
    template <class Names>
    ArrowStream arrow(const Names& names, const Selection& selection = {}) const {
        return arrow(&plattli_reader_arrow, names, selection);
    }
    ArrowStream arrow(std::initializer_list<std::string_view> names = {}, const Selection& selection = {}) const {
        return arrow(&plattli_reader_arrow, names, selection);
    }
    /// As above, at the steps at which any of them has a value: null where one has none.
    template <class Names>
    ArrowStream arrow_outer(const Names& names, const Selection& selection = {}) const {
        return arrow(&plattli_reader_arrow_outer, names, selection);
    }
    ArrowStream arrow_outer(std::initializer_list<std::string_view> names = {}, const Selection& selection = {}) const {
        return arrow(&plattli_reader_arrow_outer, names, selection);
    }
    /// One row per value, metric after metric: `step`, `metric`, `value` (`double`, null for JSON), and `text`: the exact
    /// text of what `value` cannot say.
    template <class Names>
    ArrowStream arrow_long(const Names& names, const Selection& selection = {}) const {
        return arrow(&plattli_reader_arrow_long, names, selection);
    }
    ArrowStream arrow_long(std::initializer_list<std::string_view> names = {}, const Selection& selection = {}) const {
        return arrow(&plattli_reader_arrow_long, names, selection);
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
        const std::vector<const char*> pointers = detail::pointers(terminated);
        plattli_table* table = nullptr;
        detail::check(plattli_reader_table(handle_.get(), pointers.data(), pointers.size(), on, selection.raw(),
                                           static_cast<std::int32_t>(as), &table));
        return Table(table);
    }

    using ArrowCall = std::int32_t (*)(plattli_reader*, const char* const*, std::size_t, const plattli_selection*,
                                       ArrowArrayStream*);
    template <class Names>
    ArrowStream arrow(ArrowCall call, const Names& names, const Selection& selection) const {
        std::vector<std::string> terminated;
        for (const auto& name : names) terminated.emplace_back(name);
        const std::vector<const char*> pointers = detail::pointers(terminated);
        ArrowArrayStream stream{};
        detail::check(call(handle_.get(), pointers.data(), pointers.size(), selection.raw(), &stream));
        return ArrowStream(stream);
    }

    detail::Owned<plattli_reader, plattli_reader_close> handle_;
};

// -- state ------------------------------------------------------------------------------------------------------------

/// Keys that survive: what a restart needs. Every call is durable when it returns. May be used from any thread. All calls
/// throw Error unless they say otherwise; after an error the state is what it was.
///
///     plattli::State state("run", "restart");
///     auto step = state.get_or("step", 0);
///     state.set("step", step + 100);
class State {
public:
    /// What `lost` says where nothing is left to count by.
    static constexpr std::uint64_t lost_unknown = PLATTLI_LOST_UNKNOWN;

    State() noexcept = default;
    /// Opens the state `name` in the directory `dir`, or begins one.
    explicit State(const detail::Name& dir, const detail::Name& name, const StateOptions& options = {}) {
        open(dir, name, options).check();
    }
    State(std::nullptr_t, const detail::Name&, const StateOptions& = {}) = delete;
    State(const detail::Name&, std::nullptr_t, const StateOptions& = {}) = delete;

    /// As the constructor, without throwing. What was open before is closed quietly.
    Status open(const detail::Name& dir, const detail::Name& name, const StateOptions& options = {}) noexcept {
        handle_.reset();
        const detail::Owned<plattli_state_options, plattli_state_options_free> raw(plattli_state_options_new());
        detail::Setter set(raw.get());
        set.choose(plattli_state_options_set_sync, options.sync);
        set.time(plattli_state_options_set_sync_interval, options.sync_interval);
        set.given(plattli_state_options_set_threshold, options.threshold);
        set.given(plattli_state_options_set_backups, options.backups);
        set.given(plattli_state_options_set_snapshot, options.snapshot);
        set.given(plattli_state_options_set_salvage, options.salvage);
        set.given(plattli_state_options_set_read_only, options.read_only);
        set.given(plattli_state_options_set_lock, options.lock);
        if (!set.status()) return set.status();
        plattli_state* handle = nullptr;
        const Status status(plattli_state_open(dir.c_str(), name.c_str(), raw.get(), &handle));
        handle_.reset(handle);
        return status;
    }
    bool is_open() const noexcept { return handle_ != nullptr; }

    /// Sets a key to a number, a truth value, text, or any Json.
    template <class T>
    std::enable_if_t<detail::is_number<T>> set(const detail::Name& key, T value) {
        if constexpr (std::is_floating_point_v<T>) set_json(key, detail::json_of(static_cast<double>(value)));
        else set_json(key, detail::json_of(value));
    }
    template <class T>
    std::enable_if_t<detail::is_text<T>> set(const detail::Name& key, const T& text) {
        const detail::Bytes bytes(text);
        if (bytes.data == nullptr && bytes.size > 0) throw Error(Code::argument, "the text of a key is NULL");
        set_json(key, detail::json_of(std::string_view(bytes.data, bytes.size)));
    }
    void set(const detail::Name& key, Json json) { set_json(key, json.text); }
    /// Pointers, characters, enumerations, `long double` … would be converted silently, or lose digits.
    template <class T>
    std::enable_if_t<!detail::is_number<T> && !detail::is_text<T> && !std::is_same_v<T, Json>> set(
        const detail::Name& key, const T& value) = delete;
    void set(const detail::Name& key, std::nullptr_t) = delete;
    /// Replaces the whole state by the members of an object; keys that are not in it are gone.
    void replace(Json object) {
        detail::check(plattli_state_replace(handle_.get(), object.text.data(), object.text.size()));
    }
    /// Deletes a key. One that is not there is no error.
    void erase(const detail::Name& key) { detail::check(plattli_state_delete(handle_.get(), key.c_str())); }

    /// The value of a key: T is `double`, `float`, an integer type, `bool` or `std::string`. `Code::not_found` if there is
    /// no such key, `Code::type` if it has a value that is no T.
    template <class T>
    T get(const detail::Name& key) const {
        return as<T>(key, json(key));
    }
    /// As above; nothing if there is no such key.
    template <class T>
    std::optional<T> find(const detail::Name& key) const {
        const std::optional<std::string> json = find_json(key);
        if (!json) return std::nullopt;
        return as<T>(key, *json);
    }
    /// As above; `otherwise` if there is no such key.
    template <class T>
    T get_or(const detail::Name& key, T otherwise) const {
        const std::optional<T> found = find<T>(key);
        return found ? *found : std::move(otherwise);
    }
    std::string get_or(const detail::Name& key, const char* otherwise) const {
        return get_or(key, std::string(otherwise));
    }
    /// The value of a key as JSON text.
    std::string json(const detail::Name& key) const {
        plattli_string* json = nullptr;
        detail::check(plattli_state_get(handle_.get(), key.c_str(), &json));
        return detail::text(json);
    }
    bool contains(const detail::Name& key) const { return find_json(key).has_value(); }
    /// The keys, sorted by their bytes.
    std::vector<std::string> keys() const {
        plattli_strings* keys = nullptr;
        detail::check(plattli_state_keys(handle_.get(), &keys));
        return detail::texts(keys);
    }
    /// How many keys there are.
    std::size_t size() const {
        std::size_t size = 0;
        detail::check(plattli_state_size(handle_.get(), &size));
        return size;
    }
    /// The whole state as one JSON object.
    std::string snapshot() const {
        plattli_string* json = nullptr;
        detail::check(plattli_state_snapshot(handle_.get(), &json));
        return detail::text(json);
    }
    /// What was done since the last compaction, oldest first, each as a JSON object.
    std::vector<std::string> entries() const {
        plattli_strings* entries = nullptr;
        detail::check(plattli_state_entries(handle_.get(), &entries));
        return detail::texts(entries);
    }
    std::uint64_t entry_count() const {
        std::uint64_t count = 0;
        detail::check(plattli_state_entry_count(handle_.get(), &count));
        return count;
    }

    /// Replaces the log by one checkpoint of the whole state.
    void compact() { detail::check(plattli_state_compact(handle_.get())); }
    /// The size of the log in bytes.
    std::uint64_t log_size() const {
        std::uint64_t bytes = 0;
        detail::check(plattli_state_log_size(handle_.get(), &bytes));
        return bytes;
    }
    /// Whether the log is larger than so many bytes; 0 stands for the threshold of the options.
    bool needs_compaction(std::uint64_t threshold = 0) const {
        bool needed = false;
        detail::check(plattli_state_needs_compaction(handle_.get(), threshold, &needed));
        return needed;
    }
    /// Reads again what the writer has done since; for a state that was opened read-only.
    void refresh() { detail::check(plattli_state_refresh(handle_.get())); }
    /// How many entries could not be read when the state was opened with `salvage`.
    std::uint64_t lost() const {
        std::uint64_t lost = 0;
        detail::check(plattli_state_lost(handle_.get(), &lost));
        return lost;
    }
    /// Ends the state and releases it, whatever happens. A second call does nothing.
    void close() { detail::check(plattli_state_close(handle_.release())); }

    /// The handle of C, which remains the state's.
    plattli_state* handle() const noexcept { return handle_.get(); }

private:
    struct Close {
        void operator()(plattli_state* handle) const noexcept { plattli_state_close(handle); }
    };

    void set_json(const detail::Name& key, std::string_view json) {
        detail::check(plattli_state_set(handle_.get(), key.c_str(), json.data(), json.size()));
    }
    std::optional<std::string> find_json(const detail::Name& key) const {
        plattli_string* json = nullptr;
        const std::int32_t status = plattli_state_get(handle_.get(), key.c_str(), &json);
        if (status == PLATTLI_ERR_NOT_FOUND) return std::nullopt;
        detail::check(status);
        return detail::text(json);
    }
    template <class T>
    static T as(const detail::Name& key, const std::string& json) {
        std::optional<T> value = detail::from_json<T>(json);
        if (!value) throw Error(Code::type, "the key \"" + std::string(key.c_str()) + "\" has a value of another type: " + json);
        return *std::move(value);
    }

    std::unique_ptr<plattli_state, Close> handle_;
};

/// Compacts many states on one timer. May be used from any thread. All calls throw Error.
class StateScheduler {
public:
    /// Looks at its states once in `interval`, one hour unless said otherwise; does nothing before `start`.
    explicit StateScheduler(std::chrono::milliseconds interval = std::chrono::hours(1)) {
        if (interval.count() < 1) throw Error(Code::argument, "the interval of a scheduler is at least a millisecond");
        plattli_state_scheduler* handle = nullptr;
        detail::check(plattli_state_scheduler_new(static_cast<std::uint64_t>(interval.count()), &handle));
        handle_.reset(handle);
    }
    /// Adds a state, which may be closed at any time. Adding twice is adding once.
    void add(const State& state) { detail::check(plattli_state_scheduler_add(handle_.get(), state.handle())); }
    void add(State&&) = delete;  // it would be closed at once
    /// Forgets a state.
    void remove(const State& state) { detail::check(plattli_state_scheduler_remove(handle_.get(), state.handle())); }
    /// Starts the timer. What fails with a state is told by the next call on that state.
    void start() { detail::check(plattli_state_scheduler_start(handle_.get())); }
    /// Stops the timer, after the compaction in hand.
    void stop() { detail::check(plattli_state_scheduler_stop(handle_.get())); }
    /// Compacts all states now, whatever their size. All are tried.
    void compact_all() { detail::check(plattli_state_scheduler_compact_all(handle_.get())); }

    /// The handle of C, which remains the scheduler's.
    plattli_state_scheduler* handle() const noexcept { return handle_.get(); }

private:
    detail::Owned<plattli_state_scheduler, plattli_state_scheduler_free> handle_;
};

// -- journal ----------------------------------------------------------------------------------------------------------

/// An event of a journal, as long as the Events it was read with live.
struct Event {
    std::string_view text;
    /// That of the object it came from, microseconds since 1970; 0 for an event that was not yet stored.
    std::uint64_t number;
};

/// Events that were read, in order. Does not change, and outlives the journal.
///
///     for (const plattli::Event& event : journal.read()) std::cout << event.text << '\n';
class Events {
public:
    class iterator {
    public:
        using iterator_category = std::input_iterator_tag;
        using value_type = Event;
        using difference_type = std::ptrdiff_t;
        using pointer = const Event*;
        using reference = Event;
        iterator() noexcept = default;
        Event operator*() const { return at(events_, i_); }
        iterator& operator++() noexcept {
            ++i_;
            return *this;
        }
        iterator operator++(int) noexcept {
            iterator before = *this;
            ++i_;
            return before;
        }
        friend bool operator==(const iterator& a, const iterator& b) noexcept { return a.i_ == b.i_; }
        friend bool operator!=(const iterator& a, const iterator& b) noexcept { return a.i_ != b.i_; }

    private:
        friend class Events;
        iterator(const plattli_journal_events* events, std::size_t i) noexcept : events_(events), i_(i) {}
        const plattli_journal_events* events_ = nullptr;
        std::size_t i_ = 0;
    };
    using const_iterator = iterator;
    using value_type = Event;

    /// Takes over events of C.
    explicit Events(plattli_journal_events* events) noexcept : events_(events) {}
    std::size_t size() const noexcept { return plattli_journal_events_len(events_.get()); }
    bool empty() const noexcept { return size() == 0; }
    /// Event `i`. Throws Error past the last.
    Event operator[](std::size_t i) const& { return at(events_.get(), i); }
    Event operator[](std::size_t i) const&& = delete;
    iterator begin() const noexcept { return {events_.get(), 0}; }
    iterator end() const noexcept { return {events_.get(), size()}; }
    /// The number to go on with in `Journal::follow`.
    std::uint64_t next() const noexcept { return plattli_journal_events_next(events_.get()); }

private:
    static Event at(const plattli_journal_events* events, std::size_t i) {
        const char* text = nullptr;
        std::size_t size = 0;
        std::uint64_t number = 0;
        detail::check(plattli_journal_events_get(events, i, &text, &size));
        detail::check(plattli_journal_events_number(events, i, &number));
        return {{text, size}, number};
    }
    detail::Owned<plattli_journal_events, plattli_journal_events_free> events_;
};

/// A journal: events of any number of writers, in any number of processes. May be used from any thread. What is called
/// in a time loop (append, flush) never throws and returns a Status; the rest throws Error.
class Journal : public detail::Noting {
public:
    Journal() noexcept = default;
    /// Opens the journal at a location: a folder, `file://…`, `memory://…`, and where the build has the feature
    /// `s3://…`, `gs://…`, `az://…`. Throws Error.
    explicit Journal(const detail::Name& location, const JournalOptions& options = {}) { open(location, options).check(); }
    Journal(std::nullptr_t) = delete;
    Journal(Journal&&) noexcept = default;
    Journal& operator=(Journal&&) noexcept = default;
    /// Stores what waits, quietly.
    ~Journal() = default;

    /// As the constructor, without throwing. What was open before is closed quietly.
    Status open(const detail::Name& location, const JournalOptions& options = {}) noexcept {
        handle_.reset();
        forget();
        const detail::Owned<plattli_journal_options, plattli_journal_options_free> raw(plattli_journal_options_new());
        detail::Setter set(raw.get());
        set.given(plattli_journal_options_set_threshold, options.threshold);
        set.given(plattli_journal_options_set_max_object_bytes, options.max_object_bytes);
        set.time(plattli_journal_options_set_lease_expiry, options.lease_expiry);
        set.choose(plattli_journal_options_set_durability, options.durability);
        if (!set.status()) return set.status();
        plattli_journal* handle = nullptr;
        const Status status(plattli_journal_open(location.c_str(), raw.get(), &handle));
        handle_.reset(handle);
        return status;
    }
    bool is_open() const noexcept { return handle_ != nullptr; }

    /// Adds an event: one line of text, JSON or not. `Code::argument` and `Code::overloaded` mean that it was not taken;
    /// after any other error it waits with the others, and a later call stores it.
    template <class T>
    std::enable_if_t<detail::is_text<T>, Status> append(const T& event) noexcept {
        const detail::Bytes bytes(event);
        return note(plattli_journal_append(handle_.get(), bytes.data, bytes.size));
    }
    Status append(Json event) noexcept { return append(event.text); }
    template <class T>
    std::enable_if_t<!detail::is_text<T> && !std::is_same_v<T, Json>, Status> append(const T& event) noexcept = delete;
    Status append(std::nullptr_t) noexcept = delete;
    /// Stores the events that wait. After an error they wait on.
    Status flush() noexcept { return note(plattli_journal_flush(handle_.get())); }

    /// Everything as of one moment: the events stored by anybody, then those that wait here. Throws Error.
    Events read() const {
        plattli_journal_events* events = nullptr;
        detail::check(plattli_journal_read(handle_.get(), &events));
        return Events(events);
    }
    /// The stored events from a number on; go on with `Events::next`. Throws Error.
    Events follow(std::uint64_t number = 0) const {
        plattli_journal_events* events = nullptr;
        detail::check(plattli_journal_read_from(handle_.get(), number, &events));
        return Events(events);
    }
    /// Makes one object of all that are there, and says what it did. Throws Error: `Code::busy` if another one does.
    plattli_compact_stats compact() {
        plattli_compact_stats stats{};
        stats.size = sizeof stats;
        detail::check(plattli_journal_compact(handle_.get(), &stats));
        return stats;
    }
    /// How many objects with events there are. Throws Error.
    std::size_t file_count() const {
        std::size_t count = 0;
        detail::check(plattli_journal_file_count(handle_.get(), &count));
        return count;
    }
    /// How many events wait here and are not yet stored. Throws Error.
    std::size_t pending() const {
        std::size_t count = 0;
        detail::check(plattli_journal_pending(handle_.get(), &count));
        return count;
    }
    /// Stores what waits and releases the journal, whatever happens. Throws Error if events were lost. A second call does
    /// nothing.
    void close() { detail::check(plattli_journal_close(handle_.release())); }
    /// Releases the journal without storing what waits, and says how many events that were. Throws Error.
    std::size_t discard() {
        std::size_t lost = 0;
        detail::check(plattli_journal_discard(handle_.release(), &lost));
        return lost;
    }

    /// The handle of C, which remains the journal's.
    plattli_journal* handle() const noexcept { return handle_.get(); }

private:
    struct Close {
        void operator()(plattli_journal* handle) const noexcept { plattli_journal_close(handle); }
    };
    std::unique_ptr<plattli_journal, Close> handle_;
};

// -- stream -----------------------------------------------------------------------------------------------------------

/// Indices of appended rows: that of the first, and that after the last.
struct Span {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
};

/// A column of doubles on its way to a stream.
struct F64Column {
    std::string name;
    View<double> values;
};

/// Where a page of a query ended, and why. Plain memory: it outlives the stream.
class Cursor {
public:
    /// The position of a partition: ascending the index of the first row still to come, descending that of the last row
    /// that was given.
    struct Position {
        std::string partition;
        std::uint64_t index;
    };

    /// Takes over a cursor of C.
    explicit Cursor(plattli_cursor* cursor) noexcept : cursor_(cursor) {}
    /// Why the page ended. Throws Error.
    PageEnd end() const {
        std::int32_t end = 0;
        detail::check(plattli_cursor_status(cursor_.get(), &end));
        return static_cast<PageEnd>(end);
    }
    /// Whether there is another page. Throws Error.
    bool more() const { return end() != PageEnd::all; }
    /// How many rows the page has. Throws Error.
    std::uint64_t rows() const {
        std::uint64_t rows = 0;
        detail::check(plattli_cursor_rows(cursor_.get(), &rows));
        return rows;
    }
    /// Where each partition stands, sorted by name. Throws Error.
    std::vector<Position> positions() const {
        std::size_t n = 0;
        detail::check(plattli_cursor_partition_count(cursor_.get(), &n));
        std::vector<Position> positions;
        for (std::size_t i = 0; i < n; ++i) {
            const char* name = nullptr;
            std::uint64_t index = 0;
            detail::check(plattli_cursor_partition(cursor_.get(), i, &name, &index));
            positions.push_back({name, index});
        }
        return positions;
    }
    /// As one line, for `Query::cursor` in this or another process. Throws Error.
    std::string text() const {
        plattli_string* text = nullptr;
        detail::check(plattli_cursor_text(cursor_.get(), &text));
        return detail::text(text);
    }
    /// The handle of C, which remains the cursor's.
    const plattli_cursor* handle() const noexcept { return cursor_.get(); }

private:
    detail::Owned<plattli_cursor, plattli_cursor_free> cursor_;
};

/// Rows that were asked for, and where to go on.
struct Page {
    ArrowStream rows;
    Cursor cursor;
};

/// Tables under a quota: topics of partitions of rows. May be used from any thread. What is called in a time loop (append,
/// checkpoint) never throws and returns a Status; the rest throws Error.
///
///     plattli::Stream stream("run/stream");
///     stream.append("probe", "inlet", time, {{"pressure", p}, {"velocity", v}});
class Stream : public detail::Noting {
public:
    Stream() noexcept = default;
    /// Opens the store in a folder, which is made if it is missing. Throws Error.
    explicit Stream(const detail::Name& dir, const StreamOptions& options = {}) { open(dir, options).check(); }
    Stream(std::nullptr_t) = delete;
    Stream(Stream&&) noexcept = default;
    Stream& operator=(Stream&&) noexcept = default;
    /// Writes all rows, quietly.
    ~Stream() = default;

    /// As the constructor, without throwing. What was open before is closed quietly.
    Status open(const detail::Name& dir, const StreamOptions& options = {}) noexcept {
        handle_.reset();
        forget();
        const detail::Owned<plattli_stream_options, plattli_stream_options_free> raw(plattli_stream_options_new());
        detail::Setter set(raw.get());
        set.choose(plattli_stream_options_set_format, options.format);
        set.given(plattli_stream_options_set_roll_rows, options.roll_rows);
        set.given(plattli_stream_options_set_roll_bytes, options.roll_bytes);
        set.time(plattli_stream_options_set_roll_age, options.roll_age);
        set.time(plattli_stream_options_set_checkpoint, options.checkpoint);
        set.given(plattli_stream_options_set_sync, options.sync);
        set.given(plattli_stream_options_set_partition_bytes, options.partition_bytes);
        set.given(plattli_stream_options_set_partition_segments, options.partition_segments);
        set.given(plattli_stream_options_set_store_bytes, options.store_bytes);
        set.time(plattli_stream_options_set_max_age, options.max_age);
        set.given(plattli_stream_options_set_min_free_bytes, options.min_free_bytes);
        set.given(plattli_stream_options_set_open_topics, options.open_topics);
        set.given(plattli_stream_options_set_active_bytes, options.active_bytes);
        set.time(plattli_stream_options_set_overload_wait, options.overload_wait);
        set.given(plattli_stream_options_set_threads, options.threads);
        set.name(plattli_stream_options_set_manifest, options.manifest);
        if (options.replicate_every && options.replicate_every->count() < 0)
            return Status(Code::argument, "a time is negative");
        if (options.replicate) {
            const auto every = options.replicate_every.value_or(std::chrono::milliseconds(0)).count();
            set.set(plattli_stream_options_set_replicate, detail::Name(*options.replicate).c_str(),
                    static_cast<std::uint64_t>(every));
        }
        set.given(plattli_stream_options_set_drop_waiting, options.drop_waiting);
        if (!set.status()) return set.status();
        plattli_stream* handle = nullptr;
        const Status status(plattli_stream_open(dir.c_str(), raw.get(), &handle));
        handle_.reset(handle);
        return status;
    }
    bool is_open() const noexcept { return handle_ != nullptr; }

    /// Appends rows of doubles to a partition of a topic, both made if they are missing: milliseconds since 1970, and a
    /// value of each column for each. All is copied, all or nothing. `Code::overloaded` means that the disk cannot
    /// follow; the same call may be made again.
    template <class Columns>
    Status append(const detail::Name& topic, const detail::Name& partition, View<std::int64_t> time_ms,
                  const Columns& columns, Span* span = nullptr) noexcept {
        return append(topic, partition, time_ms, View<F64Column>(columns), span);
    }
    Status append(const detail::Name& topic, const detail::Name& partition, View<std::int64_t> time_ms,
                  std::initializer_list<F64Column> columns, Span* span = nullptr) noexcept {
        return append(topic, partition, time_ms, View<F64Column>(std::data(columns), std::size(columns)), span);
    }
    Status append(const detail::Name& topic, const detail::Name& partition, View<std::int64_t> time_ms,
                  View<F64Column> columns, Span* span = nullptr) noexcept {
        const char* some_names[32];
        const double* some_values[32];
        std::unique_ptr<const char*[]> more_names;
        std::unique_ptr<const double*[]> more_values;
        const char** names = some_names;
        const double** values = some_values;
        if (columns.size() > 32) {
            more_names.reset(names = new (std::nothrow) const char*[columns.size()]);
            more_values.reset(values = new (std::nothrow) const double*[columns.size()]);
            if (names == nullptr || values == nullptr) return note(Status(Code::io, "there is no memory for the columns"));
        }
        for (std::size_t i = 0; i < columns.size(); ++i) {
            if (columns[i].values.size() != time_ms.size())
                return note(Status(Code::argument, "a column has another number of values than there are times"));
            names[i] = detail::Name(columns[i].name).c_str();  // the text of the string itself
            values[i] = columns[i].values.data();
        }
        std::uint64_t rows[2];
        const std::int32_t status = plattli_stream_append_f64(handle_.get(), topic.c_str(), partition.c_str(), time_ms.data(),
                                                              names, values, columns.size(), time_ms.size(), rows);
        return spanned(status, rows, span);
    }
    /// Appends the rows of a struct array, whose fields are the columns, the first of them `time`. On success both structs
    /// are released; after an error both are as they were.
    Status append(const detail::Name& topic, const detail::Name& partition, ArrowArray& array, ArrowSchema& schema,
                  Span* span = nullptr) noexcept {
        std::uint64_t rows[2];
        return spanned(
            plattli_stream_append(handle_.get(), topic.c_str(), partition.c_str(), &array, &schema, rows), rows, span);
    }
    /// Appends the rows of a batch, which remains as it is.
    Status append(const detail::Name& topic, const detail::Name& partition, const ArrowBatch& batch,
                  Span* span = nullptr) noexcept {
        ArrowArray array = batch.array();
        ArrowSchema schema = batch.schema();
        array.release = [](ArrowArray* lent) { lent->release = nullptr; };
        schema.release = [](ArrowSchema* lent) { lent->release = nullptr; };
        return append(topic, partition, array, schema, span);
    }
    /// Writes all rows taken so far; reports what failed in the background since the last call.
    Status checkpoint() noexcept { return note(plattli_stream_checkpoint(handle_.get())); }

    /// Reads a page of rows, those that no file has yet included. Throws Error.
    ///
    ///     auto page = stream.query(query);
    ///     for (;;) {
    ///         while (auto batch = page.rows.next()) …
    ///         if (!page.cursor.more()) break;
    ///         page = stream.query(query, page.cursor);
    ///     }
    Page query(const Query& query) const { return run(query, nullptr); }
    /// Goes on where a page ended. Throws Error.
    Page query(const Query& query, const Cursor& after) const { return run(query, after.handle()); }

    /// Drops what is beyond the quotas or too old. Throws Error.
    void retain() { detail::check(plattli_stream_retain(handle_.get())); }
    /// Copies the closed segments that wait for it, and says how many. Throws Error.
    std::uint64_t replicate() {
        std::uint64_t copied = 0;
        detail::check(plattli_stream_replicate(handle_.get(), &copied));
        return copied;
    }
    /// What the stream has done so far and has at the moment. Throws Error.
    plattli_stream_stats stats() const {
        plattli_stream_stats stats{};
        stats.size = sizeof stats;
        detail::check(plattli_stream_get_stats(handle_.get(), &stats));
        return stats;
    }
    /// The names of all topics, sorted. Throws Error.
    std::vector<std::string> topics() const {
        plattli_strings* names = nullptr;
        detail::check(plattli_stream_topics(handle_.get(), &names));
        return detail::texts(names);
    }
    /// The names of the partitions of a topic, sorted; none if there is no such topic. Throws Error.
    std::vector<std::string> partitions(const detail::Name& topic) const {
        plattli_strings* names = nullptr;
        detail::check(plattli_stream_partitions(handle_.get(), topic.c_str(), &names));
        return detail::texts(names);
    }
    /// What was found broken, and how it was mended. Throws Error.
    std::vector<std::string> warnings() const {
        plattli_strings* warnings = nullptr;
        detail::check(plattli_stream_warnings(handle_.get(), &warnings));
        return detail::texts(warnings);
    }
    /// Writes all rows, closes all segments and releases the stream, whatever happens. Throws Error if something was lost.
    /// A second call does nothing.
    void close() { detail::check(plattli_stream_close(handle_.release())); }

    /// The handle of C, which remains the stream's.
    plattli_stream* handle() const noexcept { return handle_.get(); }

private:
    struct Close {
        void operator()(plattli_stream* handle) const noexcept { plattli_stream_close(handle); }
    };

    Status spanned(std::int32_t status, const std::uint64_t (&rows)[2], Span* span) noexcept {
        if (status == PLATTLI_OK && span != nullptr) *span = {rows[0], rows[1]};
        return note(status);
    }
    Page run(const Query& query, const plattli_cursor* after) const {
        const detail::Owned<plattli_query, plattli_query_free> raw(plattli_query_new());
        detail::Setter set(raw.get());
        if (query.pattern && !query.partitions.empty())
            throw Error(Code::argument, "a query is for partitions by name or by pattern, not both");
        if (query.cursor && after != nullptr) throw Error(Code::argument, "a query has one cursor, not two");
        set.set(plattli_query_set_topic, detail::Name(query.topic).c_str());
        set.names(plattli_query_set_partitions, query.partitions);
        set.name(plattli_query_set_pattern, query.pattern);
        set.choose(plattli_query_set_order, query.order);
        set.given(plattli_query_set_start, query.start);
        if (query.time) set.set(plattli_query_set_time, query.time->from_ms, query.time->to_ms);
        set.given(plattli_query_set_max_rows, query.max_rows);
        set.given(plattli_query_set_max_bytes, query.max_bytes);
        set.names(plattli_query_set_pick, query.pick);
        set.names(plattli_query_set_exclude, query.exclude);
        set.name(plattli_query_set_flatten, query.flatten);
        set.given(plattli_query_set_max_value_bytes, query.max_value_bytes);
        set.given(plattli_query_set_labels, query.labels);
        set.text(plattli_query_set_cursor, query.cursor);
        if (after != nullptr) set.set(plattli_query_resume, after);
        set.status().check();
        ArrowArrayStream rows{};
        plattli_cursor* cursor = nullptr;
        detail::check(plattli_stream_query(handle_.get(), raw.get(), &rows, &cursor));
        Cursor end(cursor);
        return {ArrowStream(rows), std::move(end)};
    }

    std::unique_ptr<plattli_stream, Close> handle_;
};

// -- the rest -----------------------------------------------------------------------------------------------------------

/// Turns the JSON-lines file `log` into the finished run `run_dir/metrics.plattli`. Throws Error.
inline plattli_import_report import_jsonl(const detail::Name& log, const detail::Name& run_dir,
                                          const ImportOptions& options = {}) {
    const detail::Owned<plattli_import_options, plattli_import_options_free> raw(plattli_import_options_new());
    detail::Setter set(raw.get());
    set.names(plattli_import_options_set_skip_columns, options.skip_columns);
    set.given(plattli_import_options_set_allow_rewinds, options.allow_rewinds);
    set.given(plattli_import_options_set_overwrite, options.overwrite);
    set.given(plattli_import_options_set_double, options.double_precision);
    set.given(plattli_import_options_set_skip_torn_tail, options.skip_torn_tail);
    set.status().check();
    plattli_import_report report{};
    report.size = sizeof report;
    detail::check(plattli_import_jsonl(log.c_str(), run_dir.c_str(), raw.get(), &report));
    return report;
}

/// The version of the library that runs, as `major << 16 | minor << 8 | patch`; PLATTLI_VERSION is that of the header.
inline std::uint32_t version() noexcept { return plattli_version(); }
/// The same as text.
inline std::string_view version_string() noexcept { return plattli_version_string(); }
/// Whether the library has a feature: `"run"`, `"state"`, `"journal"`, `"stream"`, `"patterns"`, `"parquet"`,
/// `"object-store"`, `"s3"`, `"gcs"`, `"azure"`.
inline bool has_feature(const detail::Name& name) noexcept { return plattli_has_feature(name.c_str()); }

}  // namespace plattli

#endif
