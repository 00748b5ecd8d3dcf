# What is read of a stream: page by page.

"""
    Plattli.Cursor

Where a page of a query ended, and where the next one begins: `status` says why it ended (`:all` if there is nothing more at the
moment, `:schema_change`, `:row_limit`, `:byte_limit`), `rows` how many rows it has, `positions` where each partition stands (in
ascending order the index of the first row that is still to come, in descending order that of the last row that was given), and `text` is all of
that as one line, for `Plattli.query(…; cursor = text)` in this or another process.
"""
struct Cursor
    status::Symbol
    rows::Int
    positions::Vector{Pair{String,Int}}
    text::String
end

"""
    Plattli.Page

Rows of a query, as named tuples of vectors batch by batch, or all of them as `table(page)`; and `page.cursor`, a [`Plattli.Cursor`](@ref). It
outlives the stream. `page.stream` is the `Plattli.ArrowStream` under it.
"""
struct Page
    stream::ArrowStream
    cursor::Cursor
end

Base.iterate(page::Page, ::Nothing = nothing) = iterate(page.stream)
Base.IteratorSize(::Type{Page}) = Base.SizeUnknown()
Base.eltype(::Type{Page}) = NamedTuple
Base.show(io::IO, page::Page) = print(io, "Plattli.Page with ", page.cursor.rows, " rows, ended by ", page.cursor.status)
Base.close(page::Page) = close(page.stream)

"""
    table(page::Plattli.Page)

All rows of a page as a named tuple of vectors, which any consumer of Tables.jl takes. The page is closed.
"""
table(page::Page) = table(page.stream)

Base.append!(stream::Stream, topic::Name, partition::Name, page::Page) = append!(stream, topic, partition, page.stream)

const ORDERS = (ascending = API.PLATTLI_ASCENDING, descending = API.PLATTLI_DESCENDING)
const PAGE_ENDS = Dict(API.PLATTLI_PAGE_ALL => :all, API.PLATTLI_PAGE_SCHEMA_CHANGE => :schema_change, API.PLATTLI_PAGE_ROW_LIMIT => :row_limit,
                       API.PLATTLI_PAGE_BYTE_LIMIT => :byte_limit)

"""
    Plattli.query(stream, topic; keywords...) -> Page

Reads a page of rows of a topic, those that no file has yet included.

| keyword | values | unless given |
|---|---|---|
| `partitions` | a name or names; one that does not exist has no rows | all |
| `pattern` | a regular expression (or its text) that is found in the names of partitions | |
| `order` | `:ascending`, `:descending`: by index of one partition, of several by their times | `:ascending` |
| `start` | the index at which each partition begins; descending before which | the first; the end |
| `time` | `(from, to)` or `from:to`, milliseconds, both included | all |
| `max_rows`, `max_bytes` | of a page; the latter may be passed by one chunk | 10000, 10240000 |
| `pick`, `exclude` | names of columns | all, none |
| `flatten` | text that joins the names of fields of structs, which become columns | |
| `max_value_bytes` | texts, bytes and lists of more become `missing` | |
| `labels` | two more columns, `_partition` and `_index` | `false` |
| `cursor` | goes on where a page ended: `page.cursor`, or its `text` | |

[`Plattli.pages`](@ref) goes through all pages.
"""
function query(stream::Stream, topic::Name; partitions = nothing, pattern = nothing, order = nothing, start = nothing, time = nothing,
               max_rows = nothing, max_bytes = nothing, pick = nothing, exclude = nothing, flatten = nothing, max_value_bytes = nothing,
               labels = nothing, cursor = nothing)
    return with_options(API.plattli_query_new, API.plattli_query_free) do q
        check(API.plattli_query_set_topic(q, topic))
        set_names(API.plattli_query_set_partitions, q, partitions)
        set(API.plattli_query_set_pattern, q, pattern isa Regex ? pattern.pattern : pattern)
        set_choice(API.plattli_query_set_order, q, "order", ORDERS, order)
        set(API.plattli_query_set_start, q, within(UInt64, "start", start))
        time === nothing || check(API.plattli_query_set_time(q, within(Int64, "time", first(time)), within(Int64, "time", last(time))))
        set(API.plattli_query_set_max_rows, q, within(UInt64, "max_rows", max_rows))
        set(API.plattli_query_set_max_bytes, q, within(UInt64, "max_bytes", max_bytes))
        set_names(API.plattli_query_set_pick, q, pick)
        set_names(API.plattli_query_set_exclude, q, exclude)
        set(API.plattli_query_set_flatten, q, flatten)
        set(API.plattli_query_set_max_value_bytes, q, within(UInt64, "max_value_bytes", max_value_bytes))
        set(API.plattli_query_set_labels, q, labels)
        set_text(API.plattli_query_set_cursor, q, cursor isa Cursor ? cursor.text : cursor)
        ended = Ref{Ptr{API.plattli_cursor}}(C_NULL)
        rows = ArrowStream(out -> check(stream, API.plattli_stream_query(stream, q, out, ended)))
        try
            return Page(rows, cursor_of(ended[]))
        finally
            API.plattli_cursor_free(ended[])
        end
    end
end

function cursor_of(ended)
    status, rows, count, text = Ref{Int32}(0), Ref{UInt64}(0), Ref{Csize_t}(0), Ref{Ptr{API.plattli_string}}(C_NULL)
    check(API.plattli_cursor_status(ended, status))
    check(API.plattli_cursor_rows(ended, rows))
    check(API.plattli_cursor_partition_count(ended, count))
    positions = map(1:count[]) do i
        name, position = Ref{Ptr{UInt8}}(C_NULL), Ref{UInt64}(0)
        check(API.plattli_cursor_partition(ended, i - 1, name, position))
        unsafe_string(name[]) => Int(position[])
    end
    check(API.plattli_cursor_text(ended, text))
    return Cursor(PAGE_ENDS[status[]], rows[], positions, text_of(text[]))
end

struct Pages{K}
    stream::Stream
    topic::String
    keywords::K
end

"""
    Plattli.pages(stream, topic; keywords...)

All pages of a query, one after another, until there is nothing more; keywords as for [`Plattli.query`](@ref).

```julia
for page in Plattli.pages(stream, "probes"; max_rows = 100_000), batch in page
    sum(batch.temperature)
end
```
"""
pages(stream::Stream, topic::Name; keywords...) = Pages(stream, String(topic), keywords)

Base.IteratorSize(::Type{<:Pages}) = Base.SizeUnknown()
Base.eltype(::Type{<:Pages}) = Page
function Base.iterate(pages::Pages, at = get(pages.keywords, :cursor, nothing))
    at === :end && return nothing
    page = query(pages.stream, pages.topic; pages.keywords..., cursor = at)
    return page, page.cursor.status == :all ? :end : page.cursor
end
