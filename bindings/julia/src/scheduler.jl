# States that are compacted by the clock.

"""
    Plattli.Scheduler(states...; interval_milliseconds)
    Plattli.Scheduler(f, states...; interval_milliseconds)

Looks at its states every hour, or at the interval that is given, and compacts those whose logs are larger than their thresholds. It does
nothing before [`Plattli.start`](@ref). `push!(scheduler, state)` adds one, `delete!(scheduler, state)` forgets it; a state that is closed is
forgotten. A scheduler keeps its states from being collected as garbage.

What fails with one state is thrown by the next call on it, and does not keep the others waiting.
"""
mutable struct Scheduler
    handle::Ptr{API.plattli_state_scheduler}
    states::Vector{State}

    function Scheduler(states::State...; interval_milliseconds = nothing)
        interval = within(UInt64, "interval_milliseconds", something(interval_milliseconds, 0))
        interval_milliseconds == 0 && throw(ArgumentError("interval_milliseconds is at least 1"))
        out = Ref{Ptr{API.plattli_state_scheduler}}(C_NULL)
        check(API.plattli_state_scheduler_new(interval, out))
        scheduler = finalizer(abandon, new(out[], State[]))
        foreach(state -> push!(scheduler, state), states)
        return scheduler
    end
end

Scheduler(f, states::State...; keywords...) = with_open(f, Scheduler(states...; keywords...))

Base.unsafe_convert(::Type{Ptr{API.plattli_state_scheduler}}, scheduler::Scheduler) = scheduler.handle
close_handle(::Scheduler, handle) = (API.plattli_state_scheduler_free(handle); API.PLATTLI_OK)
address_of_close(::Scheduler) = API.address_of_plattli_state_scheduler_free[]
check(scheduler::Scheduler, status::Int32) = check_open(scheduler, "scheduler", status)

Base.isopen(scheduler::Scheduler) = scheduler.handle != C_NULL
Base.show(io::IO, scheduler::Scheduler) =
    print(io, "Plattli.Scheduler ", isopen(scheduler) ? "of $(count(isopen, scheduler.states)) states" : "(closed)")

"Stops the timer, after the compaction in hand, and releases the scheduler. Its states stay open."
Base.close(scheduler::Scheduler) = check(release(scheduler))

"Adds a state. Adding twice is adding once."
function Base.push!(scheduler::Scheduler, state::State)
    isopen(state) || throw(PlattliError(ERR_STATE, "this state is closed"))
    check(scheduler, API.plattli_state_scheduler_add(scheduler, state))
    filter!(kept -> isopen(kept) && kept !== state, scheduler.states)
    push!(scheduler.states, state)
    return scheduler
end

"Forgets a state. One that was never added, or is closed, is no error."
function Base.delete!(scheduler::Scheduler, state::State)
    isopen(state) && check(scheduler, API.plattli_state_scheduler_remove(scheduler, state))
    filter!(kept -> isopen(kept) && kept !== state, scheduler.states)
    return scheduler
end

"Starts the timer. Starting twice is starting once."
start(scheduler::Scheduler) = check(scheduler, API.plattli_state_scheduler_start(scheduler))

"Stops the timer, after the compaction in hand. Stopping twice is stopping once."
stop(scheduler::Scheduler) = check(scheduler, API.plattli_state_scheduler_stop(scheduler))

"Compacts all states now, whatever their size. All are tried; the error names those that failed."
compact_all(scheduler::Scheduler) = check(scheduler, API.plattli_state_scheduler_compact_all(scheduler))
