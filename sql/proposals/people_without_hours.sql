-- Staff without hours of duty, where others have some.
select distinct people.person_id, people.building
from registry.people as people
left join registry.duty_windows as duty
    on people.person_id = duty.person_id and not duty.is_usual
where
    people.is_staff and people.building is not null and duty.person_id is null
    -- where no one has hours, those of all staff come first: `usual_hours`
    and exists (select 1 from registry.duty_windows where not is_usual)
order by people.building, people.person_id
