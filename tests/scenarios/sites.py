"""Scenarios of sites: use that is not approved, and what only looks like use."""

from collections.abc import Mapping

from tests.scenarios.scenario import Scenario
from tests.scenarios.story import WORK, Story


def at_work(story: Story, account: str = "avega", device: str = "hs-avega") -> None:
    """Logged on in the morning, some honest work."""
    story.logon(account, device, "07:41")
    story.surf(account, device, "08:00", WORK, minutes=20)


def social_site_on_duty(story: Story) -> None:
    """Twenty-five minutes of a social site in the forenoon."""
    at_work(story)
    hosts = ("www.friends.example", "friends.example")
    story.surf("avega", "hs-avega", "10:05", hosts, minutes=25)


def social_site_for_the_job(story: Story) -> Mapping[str, str]:
    """The communications secretary keeps the district's page there."""
    at_work(story, "dkim", "do-dkim")
    story.surf("dkim", "do-dkim", "10:05", ("www.friends.example",), minutes=25)
    role = "communications secretary"
    entry = f"a1,friends.example,domain,{role},,,sanctioned,board\n"
    return {"approved_sites.csv": entry}


def glance_at_lunch(story: Story) -> None:
    at_work(story)
    story.browse("avega", "hs-avega", story.at("11:50"), "shop.example", 88_000)
    story.browse("avega", "hs-avega", story.at("11:50:40"), "shop.example", 9_000)


def link_in_a_mail(story: Story) -> None:
    """Two redirectors, then twenty seconds of a shop."""
    at_work(story)
    for second, host in enumerate(("click.example", "go.example", "shop.example")):
        story.browse("avega", "hs-avega", story.at("09:15", second), host, 16_000)
    for second in (4, 11, 20):
        story.browse("avega", "hs-avega", story.at("09:15", second), "shop.example", 61_000)


def embed_on_the_district_page(story: Story) -> None:
    """The district's page shows a feed; each page view pulls a little of it."""
    at_work(story)
    at = 0.0
    for number in range(25):
        when = story.at("10:05", at)
        story.browse("avega", "hs-avega", when, "www.school.example", 60_000)
        for delay, host in ((1, "www.friends.example"), (2, "friends.example")):
            later = story.at("10:05", at + delay)
            story.browse("avega", "hs-avega", later, host, 12_000 + number * 900)
        at += (41, 88, 23, 67, 120)[number % 5]


def embed_and_preconnects_of_other_hours(story: Story) -> None:
    """Pages of the morning show a feed; tunnels of other hours are no one's."""
    at_work(story)
    pages = ("www.school.example", "lessons.example", "search.example")
    for number, after in enumerate((0, 55, 190, 290, 365)):
        when = story.at("10:05", after)
        story.browse("avega", "hs-avega", when, pages[number % 3], 60_000)
        later = story.at("10:05", after + 1)
        size = 61_000 if number == 3 else 12_000
        story.browse("avega", "hs-avega", later, "www.friends.example", size)
    for hour in ("11:20", "12:55", "13:40"):
        story.browse("avega", "hs-avega", story.at(hour), "www.friends.example", 8_000)


def preconnect(story: Story) -> None:
    """The search page opens tunnels to a shop that no one visits."""
    at_work(story)
    at = 0.0
    for number in range(14):
        when = story.at("10:05", at)
        story.browse("avega", "hs-avega", when, "search.example", 40_000)
        later = story.at("10:05", at + 1)
        story.browse("avega", "hs-avega", later, "shop.example", 5_400, 60)
        at += (41, 88, 23, 67, 120)[number % 5]


def films_on_duty(story: Story) -> None:
    """Twenty-two minutes, 400 MB."""
    at_work(story)
    story.surf("avega", "hs-avega", "13:10", ("cdn.movies.example",), minutes=22, scale=400)


def clips_in_class(story: Story) -> None:
    """The same, from a site that is approved for teachers."""
    at_work(story)
    story.surf("avega", "hs-avega", "13:10", ("www.video.example",), minutes=22, scale=400)


MEDIA = "media.example"
MEDIA_ON_TWO_LISTS = "".join(f"{MEDIA},streaming,{source}\n" for source in ("vendor", "open list"))
COLLEAGUES = (("bsun", "hs-bsun"), ("cpark", "es-cpark"), ("fito", "hs-fito"))


def with_pictures_from(story: Story, page: str) -> None:
    """Three colleagues on three days: each time they open the page its host follows."""
    for day in ("-4 ", "-1 ", ""):
        for account, device in COLLEAGUES:
            if day:
                story.lease(device, f"{day}07:00")
            for clock in ("08:10", "09:20", "10:30"):
                when = f"{day}{clock}"
                story.browse(account, device, story.at(when), page, 61_000)
                for second, size in ((9, 70_000), (31, 18_000), (88, 44_000)):
                    story.browse(account, device, story.at(when, second), MEDIA, size)


def clips_from_a_host_that_no_list_knows(story: Story) -> Mapping[str, str]:
    """In class; the clips come from a host that always follows the approved page."""
    with_pictures_from(story, "www.video.example")
    at_work(story)
    story.browse("avega", "hs-avega", story.at("13:09:40"), "www.video.example")
    story.surf("avega", "hs-avega", "13:10", (MEDIA,), minutes=22, scale=400)
    return {"site_categories.csv": MEDIA_ON_TWO_LISTS}


def the_same_clips_without_an_approval(story: Story) -> Mapping[str, str]:
    """The page is approved for some teachers; the secretary is none of them."""
    with_pictures_from(story, "www.video.example")
    at_work(story, "dkim", "do-dkim")
    story.browse("dkim", "do-dkim", story.at("13:09:40"), "www.video.example")
    story.surf("dkim", "do-dkim", "13:10", (MEDIA,), minutes=22, scale=400)
    return {"site_categories.csv": MEDIA_ON_TWO_LISTS}


def pictures_of_a_shop_with_a_personal_consent(story: Story) -> Mapping[str, str]:
    """One person may shop there; the pictures come from a separate host."""
    with_pictures_from(story, "www.crafts.example")
    at_work(story, "gnova", "hs-gnova")
    story.browse("gnova", "hs-gnova", story.at("13:09:40"), "www.crafts.example")
    story.surf("gnova", "hs-gnova", "13:10", (MEDIA,), minutes=25)
    return {"site_categories.csv": MEDIA_ON_TWO_LISTS}


def pictures_of_a_shop_with_somebody_else_s_consent(
    story: Story,
) -> Mapping[str, str]:
    """The consent is one person's; for everybody else it is a shop like any other."""
    with_pictures_from(story, "www.crafts.example")
    at_work(story)
    story.browse("avega", "hs-avega", story.at("13:09:40"), "www.crafts.example")
    story.surf("avega", "hs-avega", "13:10", (MEDIA,), minutes=25)
    return {"site_categories.csv": MEDIA_ON_TWO_LISTS}


def job_search_at_noon(story: Story) -> Mapping[str, str]:
    """Return searches elsewhere, which are counted and held against no one."""
    at_work(story)
    story.surf("avega", "hs-avega", "12:05", ("www.vacancies.example",), minutes=40)
    rows = [f"vacancies.example,jobs,{source}\n" for source in ("vendor", "open list")]
    return {"site_categories.csv": "".join(rows)}


JUDGED = 'judged_kinds = ["jobs"]\nusual_duty = "07:30-15:30"\n'


def job_search_where_jobs_are_judged(story: Story) -> Mapping[str, str]:
    """The district decided that rules judge this kind of site, too."""
    return {**job_search_at_noon(story), "district.toml": JUDGED}


def vacancies_for_students(story: Story) -> Mapping[str, str]:
    """A site of a judged kind that the district approves for the work of this job."""
    entry = "a9,vacancies.example,domain,staff,,,sanctioned,board\n"
    return {**job_search_where_jobs_are_judged(story), "approved_sites.csv": entry}


def last_valid_day(story: Story) -> None:
    at_work(story)
    story.surf("avega", "hs-avega", "10:05", ("quiz.example",), minutes=15)


def personal_consent(story: Story) -> None:
    at_work(story, "gnova", "hs-gnova")
    story.surf("gnova", "hs-gnova", "10:05", ("www.crafts.example",), minutes=25)


def uncategorised_blog(story: Story) -> None:
    """A lesson blog that no list knows: a question about the site, not a person."""
    at_work(story)
    story.surf("avega", "hs-avega", "10:05", ("blog.example",), minutes=20)


def mislabelled_lesson_site(story: Story) -> None:
    """One vendor calls it games; one quarter of an hour, once."""
    at_work(story)
    story.surf("avega", "hs-avega", "10:05", ("mislabelled.example",), minutes=15)


def blocks_only(story: Story) -> None:
    """Advertisements and prefetches of a betting site, all refused."""
    at_work(story)
    for number in range(30):
        when = story.at("10:05", number * 37 + number % 4 * 5)
        story.refused("avega", "hs-avega", when, "bets.example")


CHAT = "https://chat.example/api/thread"


def chat_at_a_denied_service(story: Story) -> Mapping[str, str]:
    """Eleven minutes of a chat that is all data calls; the district denies the service."""
    at_work(story)
    at = 0.0
    for number in range(24):
        size = (31_000, 88_000, 12_400, 52_000, 23_700)[number % 5]
        story.call("avega", "hs-avega", story.at("10:05", at), CHAT, size)
        at += (9, 41, 22, 66, 17, 4)[number % 6]
    return {"approved_sites.csv": "a9,chat.example,deny,all,,,,board\n"}


def tab_that_polls_a_denied_service(story: Story) -> Mapping[str, str]:
    """The page of another day is open and asks for news, with jitter."""
    at_work(story)
    story.surf("avega", "hs-avega", "10:00", WORK, minutes=50)
    at = 0.0
    for number in range(120):
        size = 51_000 + number % 3 * 900
        story.call("avega", "hs-avega", story.at("10:05", at), CHAT, size)
        at += (18, 22, 20, 25, 16)[number % 5]
    return {"approved_sites.csv": "a9,chat.example,deny,all,,,,board\n"}


def comments_of_a_denied_service(story: Story) -> Mapping[str, str]:
    """Pages of the news load comments from a service that the district denies."""
    at_work(story)
    at = 0.0
    for number in range(12):
        when = story.at("10:05", at)
        story.browse("avega", "hs-avega", when, "lms.example", 60_000)
        for delay, size in ((1, 48_000), (3, 9_000 + number * 1_700)):
            story.call("avega", "hs-avega", story.at("10:05", at + delay), CHAT, size)
        at += (41, 88, 23, 67, 120)[number % 5]
    return {"approved_sites.csv": "a9,chat.example,deny,all,,,,board\n"}


def path_in_a_tunnel(story: Story) -> None:
    """One path of the host is approved; a tunnel shows none."""
    at_work(story)
    story.surf("avega", "hs-avega", "10:05", ("pages.example",), minutes=25)


def social_site_without_a_logon_log(story: Story) -> None:
    """A device without a logon log: nothing shows that someone sat there."""
    story.surf("avega", "hs-avega", "10:05", ("www.friends.example",), minutes=25)


def locked_screen_on_duty(story: Story) -> None:
    """A tab of a social site goes on while its reader teaches next door."""
    at_work(story)
    story.lock("avega", "hs-avega", "10:00")
    story.surf("avega", "hs-avega", "10:05", ("www.friends.example",), minutes=25)
    story.unlock("avega", "hs-avega", "11:00")


def nobody_logged_in(story: Story) -> None:
    """A laptop assigned to a teacher, a proxy that asks for no login."""
    story.spell = lambda _account: "-"
    story.surf("avega", "nb-avega", "10:05", ("www.friends.example",), minutes=25)


def somebody_else_at_the_proxy(story: Story) -> None:
    """Requests that the proxy challenged are no one's."""
    at_work(story)
    for number in range(40):
        when = story.at("10:05", number * 31 + number % 3 * 9)
        story.refused(None, "hs-avega", when, "www.friends.example")


SCENARIOS = (
    Scenario(
        "S36",
        social_site_on_duty,
        ("NA-1",),
        "avega",
        severity="low",
        witness="keyboard",
    ),
    Scenario("S37", social_site_for_the_job),
    Scenario("S38", glance_at_lunch),
    Scenario("S39", link_in_a_mail),
    Scenario("S40", embed_on_the_district_page),
    Scenario("S40a", embed_and_preconnects_of_other_hours),
    Scenario("S41", preconnect),
    Scenario("S43", films_on_duty, ("NA-1",), "avega", severity="low"),
    Scenario("S44", clips_in_class),
    Scenario("S44a", clips_from_a_host_that_no_list_knows),
    Scenario(
        "S44b",
        the_same_clips_without_an_approval,
        ("NA-4",),
        "dkim",
        severity="low",
    ),
    Scenario("S50", last_valid_day),
    Scenario("S54", personal_consent),
    Scenario("S54a", pictures_of_a_shop_with_a_personal_consent),
    Scenario(
        "S54b",
        pictures_of_a_shop_with_somebody_else_s_consent,
        ("NA-1",),
        "avega",
        severity="low",
    ),
    Scenario("S54c", job_search_at_noon),
    Scenario("S54d", job_search_where_jobs_are_judged, ("NA-1",), "avega", severity="low"),
    Scenario("S54e", vacancies_for_students),
    Scenario("S55", uncategorised_blog),
    Scenario("S56", mislabelled_lesson_site),
    Scenario("S58", blocks_only),
    Scenario("S59", path_in_a_tunnel),
    Scenario("S59a", chat_at_a_denied_service, ("NA-1",), "avega", severity="low"),
    Scenario("S59b", tab_that_polls_a_denied_service),
    Scenario("S59c", comments_of_a_denied_service),
    Scenario("S36a", social_site_without_a_logon_log, leads=("NA-1",), witness="nothing"),
    Scenario("S36b", locked_screen_on_duty),
    Scenario("S36c", somebody_else_at_the_proxy),
    Scenario("S36d", nobody_logged_in),
)
