# Logs of other programs.

"""
    Plattli.import_jsonl(log, run_dir; skip_columns, allow_rewinds, overwrite, double, skip_torn_tail)

Turns a file of one JSON object per line into the finished run `run_dir/metrics.plattli`, and returns what was imported:
`(rows, rewound_rows, metrics, torn_tail)`.

`skip_columns` are regular expressions, as text, for the whole names of metrics to leave out; `allow_rewinds` lets a smaller step
drop the rows from there on; `overwrite` replaces an existing run; `double` keeps floats as 64-bit floats; `skip_torn_tail` leaves
out a last line that was cut off. All are off unless given.
"""
function import_jsonl(log::AbstractString, run_dir::AbstractString; skip_columns = String[], allow_rewinds = nothing, overwrite = nothing,
                      double = nothing, skip_torn_tail = nothing)
    patterns = String[String(pattern) for pattern in skip_columns]
    return with_options(API.plattli_import_options_new, API.plattli_import_options_free) do o
        check(API.plattli_import_options_set_skip_columns(o, patterns, length(patterns)))
        set(API.plattli_import_options_set_allow_rewinds, o, allow_rewinds)
        set(API.plattli_import_options_set_overwrite, o, overwrite)
        set(API.plattli_import_options_set_double, o, double)
        set(API.plattli_import_options_set_skip_torn_tail, o, skip_torn_tail)
        report = Ref(API.plattli_import_report())
        check(API.plattli_import_jsonl(log, run_dir, o, report))
        told = fields(report[])
        return merge(told, (torn_tail = told.torn_tail == 1,))
    end
end
