// The header is C++ too, and links.
#include <plattli.h>

#include <memory>
#include <string_view>

static_assert(PLATTLI_OK == 0 && PLATTLI_ERR_INTERNAL == 13, "numbers are numbers in C++ as well");

int main() {
    using options = std::unique_ptr<plattli_writer_options, decltype(&plattli_writer_options_free)>;
    options o{plattli_writer_options_new(), &plattli_writer_options_free};
    if (plattli_writer_options_set_hotsize(o.get(), 10) != PLATTLI_OK) return 1;
    // An empty view has no address; that is fine.
    constexpr std::string_view empty;
    plattli_writer *none = nullptr;
    if (plattli_write_str(none, "note", empty.data(), empty.size()) != PLATTLI_ERR_ARGUMENT) return 2;
    return plattli_writer_close(nullptr);
}
