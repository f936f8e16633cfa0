-- The events behind a group's switches: both requests, and what names their accounts.
create or replace temporary macro evidence_of_switches(
    event_id, previous_id,
    session_event_id, previous_session_id,
    binding_event_id, previous_binding_id
) as sorted_set(
    flatten(
        list(
            [
                event_id, previous_id, session_event_id, previous_session_id,
                binding_event_id, previous_binding_id
            ]
        )
    )
);
