-- The events behind a group's switches: both requests, and what names their accounts.
create or replace temporary macro evidence_of_switches(this, previous) as sorted_set(
    flatten(
        list(
            [
                this['event_id'], previous['event_id'],
                this['session_event_id'], previous['session_event_id'],
                this['binding_event_id'], previous['binding_event_id']
            ]
        )
    )
);
