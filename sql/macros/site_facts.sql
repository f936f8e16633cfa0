-- Returns the facts that every rule about sites gives for an account's day: takes one
-- row per device and site, returns the struct of the day. Times that overlap count
-- once; time on duty is a minimum, so the highest value of any row is used.
create or replace temporary macro site_facts(
    site, served, categories, list_count, longest_seconds, total_seconds, spans,
    on_duty_seconds, visits, largest_bytes, embed_share, days, is_district_device,
    attribution_grade, is_live_known
) as
struct_pack(
    sites := sorted_values(site),
    served := coalesce(sorted_set(flatten(list(served))), []::varchar[]),
    categories := sorted_values(categories),
    list_count := min(list_count),
    longest_seconds := round(max(longest_seconds), 0),
    total_seconds := round(clock_seconds(total_seconds, spans), 0),
    on_duty_seconds := round(max(on_duty_seconds), 0),
    visits := sum(visits)::bigint,
    largest_bytes := max(largest_bytes),
    embed_share := round(max(embed_share), 2),
    days := max(days),
    is_district_device := bool_and(is_district_device),
    attribution_grade := max(attribution_grade),
    is_embedded := is_embedded(round(max(embed_share), 2)),
    is_left_open := ruled_out_if(bool_and(is_live_known))
);
