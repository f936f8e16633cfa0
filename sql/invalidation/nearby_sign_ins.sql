-- Days with sign-ins from around a building that moved.
select distinct signins.event_date
from core.outside_signins as signins
inner join main.moved_buildings as moved
    on abs(signins.lat - moved.lat) < 1 and abs(signins.lon - moved.lon) < 1.3
