-- Lines of each source, and of each in a building, by hour.
select source, '' as building, event_date, hour, hour_start, line_count
from marts.source_hours where event_date >= $first
union all
select source, building, event_date, hour, hour_start, line_count
from marts.building_hours where event_date >= $first_in_buildings
