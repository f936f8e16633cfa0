"""Typical mistakes in `district.toml` and in the registry, as people make them."""

HEAD = '[district]\nname = "Sample Schools"\nzone = "America/Chicago"\n'

FORM = {
    # what is below HEAD: line and key that are named
    '[distrct]\nname = "x"\n': (4, "distrct"),
    'timezone = "UTC"\n': (4, "district.timezone"),
    'account_domains = "EXAMPLE"\n': (4, "district.account_domains"),
    'account_domains = ["@school.example"]\n': (4, "district.account_domains"),
    '[sources.proxy\nformat = "squid_access"\n': (4, None),
    "[sources.proxy]\nformat = squid_access\n": (5, None),
    '[sources.proxy]\npath = "C:\\logs"\n': (5, None),
    '[source.proxy]\nformat = "squid_access"\n': (4, "source"),
    '[sources.proxy]\nfomat = "squid_access"\n': (5, "sources.proxy.fomat"),
    '[sources.proxy]\npath = "../logs"\n': (5, "sources.proxy.path"),
    '[sources.proxy]\nzone = "CST"\n': (5, "sources.proxy.zone"),
    '[sources.proxy]\noptions = "day_first"\n': (5, "sources.proxy.options"),
    '[report]\nsections_off = "trend"\n': (5, "report.sections_off"),
    '[report]\neditions = ["superintendant"]\n': (5, "report.editions"),
    '[report]\naddress = "http://x.school.example"\n': (5, "report.address"),
    '[report]\npdf = "yes"\n': (5, "report.pdf"),
    '[report]\ntitle = ""\n': (5, "report.title"),
    '[limits]\nmemory_mb = "2 GB"\n': (5, "limits.memory_mb"),
    "[limits]\nmemory_mb = 100\n": (5, "limits.memory_mb"),
    "[limits]\nreject_share = 5\n": (5, "limits.reject_share"),
    '[limits]\nreject_share = "5%"\n': (5, "limits.reject_share"),
    '[roles]\ndirector = "schoolbell-directors"\n': (5, "roles.director"),
    '[roles]\ndirectors = ["schoolbell-directors"]\n': (5, "roles.directors"),
    '[alerts]\nrecipients = "a@school.example"\n': (5, "alerts.recipients"),
    '[alerts]\nlist_time = "7:30"\n': (5, "alerts.list_time"),
    "[alerts]\nlist_time = 7:30\n": (5, None),
    '[alerts]\nweekly_day = "Monday"\n': (5, "alerts.weekly_day"),
    "[alerts]\nmost_a_day = 1\n": (5, "alerts.most_a_day"),
    '[alerts]\nescalate_to = "directr"\n': (5, "alerts.escalate_to"),
    '[alerts]\nsecurity_rules = ["SA-1"]\n': (5, "alerts.security_rules"),
    '[alerts.channels.mail]\nhost = "m"\n': (4, "alerts.channels.mail.type"),
    '[alerts.channels.mail]\ntype = "smtp"\npassword = "hunter2"\n': (
        6,
        "alerts.channels.mail.password",
    ),
    "[alerts.channels.mail]\npassword = hunter2\n": (5, None),
    '[alerts.channels.mail]\ntype = "smtp"\naudience = ["principal"]\n': (
        6,
        "alerts.channels.mail.audience",
    ),
    '[alerts.routes.x]\nabout = "conduct"\nwhen = "daily"\naudience = ["director"]\n': (
        6,
        "alerts.routes.x.when",
    ),
    '[alerts.routes.x]\nabout = "all"\nwhen = "daily"\naudience = ["director"]\n': (
        5,
        "alerts.routes.x.about",
    ),
    '[alerts.expected.f]\nsource = "proxy"\nkind = "blocked"\nto = "x.example"\n': (
        6,
        "alerts.expected.f.kind",
    ),
    '[detections.SA-1]\nenabled = "false"\n': (5, "detections.SA-1.enabled"),
    '[detections.SA-1]\napprover = "superintendent"\n': (
        5,
        "detections.SA-1.approver",
    ),
    '[detections.SA-1]\napproved_on = "1 August"\nregulation = "713"\n': (
        5,
        "detections.SA-1.approved_on",
    ),
    "[detections.SA-1]\nturns = [5]\n": (5, "detections.SA-1.turns"),
    '[lists.games]\norigin = "ftp://x.example/x"\nformat = "csv"\n': (
        5,
        "lists.games.origin",
    ),
    '[lists.games]\norigin = "games.txt"\nformat = "txt"\n': (6, "lists.games.format"),
    '[lists.Games]\norigin = "games.txt"\nformat = "csv"\n': (4, "lists.Games"),
    '[registry]\ncalendar_words = { Flex = "off" }\n': (5, "registry.calendar_words"),
    '[registry]\ncolumns = { hostname = "Name" }\n': (5, "registry.columns"),
}
"""Mistakes that the form of the file shows."""

SMTP = (
    '[alerts]\nrecipients = ["x@school.example"]\n[alerts.channels.x]\ntype = "smtp"\n'
    'host = "m.school.example"\nsender = "s@school.example"\n'
)
TO = 'recipients = ["x@school.example"]\n'
MEANING = {
    '[sources.proxy]\nformat = "squid_access"\noptions = { zone = "x" }\n': (
        6,
        "sources.proxy.options.zone",
    ),
    '[sources.proxy]\nformat = "console_csv"\n[sources.proxy.options]\ndate_ordr = "day_first"\n': (
        7,
        "sources.proxy.options.date_ordr",
    ),
    '[sources.proxy]\nformat = "freeradius"\noptions = { logon_kind = "wlan" }\n': (
        6,
        "sources.proxy.options.logon_kind",
    ),
    '[sources.gate]\nformat = "iptables"\noptions = { unmarked = "maybe" }\n': (
        6,
        "sources.gate.options.unmarked",
    ),
    '[sources.iis]\nformat = "w3c_elff"\noptions = { times = "locl" }\n': (
        6,
        "sources.iis.options.times",
    ),
    '[sources.gate]\nformat = "cef"\noptions = { in = "recieved" }\n': (
        6,
        "sources.gate.options.in",
    ),
    '[sources.gate]\nformat = "sophos_xg"\noptions = { zones = "CST" }\n': (
        6,
        "sources.gate.options.zones",
    ),
    '[sources.proxy]\nformat = "squid_logformat"\n'
    '[sources.proxy.options]\nlogformat = "%ts.%03tu %>a %>hs %ru"\n': (
        7,
        "sources.proxy.options.logformat",
    ),
    '[sources.proxy]\nformat = "squid"\n': (5, "sources.proxy.format"),
    '[sources.proxy]\npath = "/nowhere/logs"\n': (5, "sources.proxy.path"),
    "[detections.SA-99]\nenabled = false\n": (4, "detections.SA-99"),
    "[detections.SA-1]\nturnips = 3\n": (5, "detections.SA-1.turnips"),
    "[detections.SA-1]\nturns = 1\n": (5, "detections.SA-1.turns"),
    '[detections.SA-1]\nturns = "five"\n': (5, "detections.SA-1.turns"),
    '[report]\nsections_off = ["trends"]\n': (5, "report.sections_off"),
    '[report]\nmail = "director"\n': (5, "report.mail"),
    '[alerts.channels.x]\ntype = "email"\n': (5, "alerts.channels.x.type"),
    SMTP: (6, "alerts.channels.x.recipients"),
    SMTP + 'recipients = "x"\n': (10, "alerts.channels.x.recipients"),
    SMTP + TO + "prot = 25\n": (11, "alerts.channels.x.prot"),
    SMTP + TO + 'pasword = "hunter2"\n': (11, "alerts.channels.x.pasword"),
    SMTP + TO + "port = 99999\n": (11, "alerts.channels.x.port"),
    SMTP + 'recipients = ["y@school.example"]\n': (5, "alerts.recipients"),
    '[alerts.expected.f]\nsource = "nosuch"\nkind = "request"\nto = "x.example"\n': (
        5,
        "alerts.expected.f.source",
    ),
    '[registry.columns."device.csv"]\nhostname = "Name"\n': (4, "registry.columns"),
    '[registry.columns."devices.csv"]\nhost = "Name"\n': (5, "registry.columns"),
}
"""Mistakes that show only beside formats, rules, channels and folders."""

ROSTER = "sourcedId,status,orgSourcedIds,role,username\np-1001,active,org-hs,teacher,asample\n"
REGISTRY = {
    # file: its text, and for each mistake line, column and what to write instead
    "accounts.csv": (
        (
            "username,account_type,owner_person_id,approved_shared,valid_from,valid_to\n"
            "office,shared,,,,\n"
            "kiosk,role_shared,,maybe,,\n"
            "y,person,p-1001,,2026-09-01,2026-08-01\n"
            "z,person,p-1001,,08/24/2026,\n"
            "w,person,p-1001,,05/04/2026,\n"
        ),
        {
            (2, "account_type"): "office,role_shared,,,,",
            (3, "approved_shared"): "# kiosk,role_shared,,maybe,,",
            (4, "valid_to"): "# y,person,p-1001,,2026-09-01,2026-08-01",
            (5, "valid_from"): "z,person,p-1001,,2026-08-24,",
            (6, "valid_from"): "w,person,p-1001,,2026-05-04,",
        },
    ),
    "approved_sites.csv": (
        (
            "entry_id,pattern,match,purpose\n"
            "E-2,learn example,domain,\n"
            "E-3,a.example.org,hosts,\n"
            "E-4,com,domain,\n"
        ),
        {
            (2, "pattern"): "# E-2,learn example,domain,",
            (3, "match"): "E-3,a.example.org,host,",
            (4, "pattern"): "# E-4,com,domain,",
        },
    ),
    "buildings.csv": (
        "org_id,building,lat,lon\norg-hs,HS,,\norg-ms,MS,41.6N,-93.6\n",
        {(3, "lat"): "# org-ms,MS,41.6N,-93.6"},
    ),
    "calendar.csv": (
        (
            "date,day_type,duty_start,duty_end,building\n"
            "2026/08/24,school,,,\n"
            "2026-08-25,earlyout,,,\n"
            "2026-08-26,school,7:30 AM,3.45pm,\n"
            "2026-08-27,school,,,HS2\n"
        ),
        {
            (2, "date"): "2026-08-24,school,,,",
            (3, "day_type"): "2026-08-25,early_out,,,",
            (4, "duty_start"): "2026-08-26,school,07:30,3.45pm,",
            (4, "duty_end"): "2026-08-26,school,7:30 AM,15:45,",
            (5, "building"): "# 2026-08-27,school,,,HS2",
        },
    ),
    "devices.csv": (
        (
            "hostname,mac,device_class,building,Asset Tag\n"
            "a,02:00:00:00:00,desktop,HS,7\n"
            "b,,Chromebok,HS,8\n"
            ",,desktop,HS,9\n"
        ),
        {
            (2, "mac"): "# a,02:00:00:00:00,desktop,HS,",
            (3, "device_class"): "b,,chromebook,HS,",
            (4, "hostname"): "# ,,desktop,HS,",
        },
    ),
    "leave.csv": (
        (
            "person_id,date,part,status\n"
            "p-1001,2026-10-05,whole,approved\n"
            "p-1001,2026-10-06,full,canceled\n"
        ),
        {
            (2, "part"): "# p-1001,2026-10-05,whole,approved",
            (3, "status"): "p-1001,2026-10-06,full,cancelled",
        },
    ),
    "staff_duty.csv": (
        (
            "person_id;date_from;date_to;weekday;start_local;end_local;kind\n"
            "p-1001;2026-08-24;2027-05-28;Monday;07:30;15:45;contract\n"
        ),
        {(2, "weekday"): "p-1001;2026-08-24;2027-05-28;0;07:30;15:45;contract"},
    ),
    "subnets.csv": (
        "cidr,building,kind\n10.4.0.0/33,HS,wired\n10.6.0.0/16,HS,wire\n",
        {
            (2, "cidr"): "# 10.4.0.0/33,HS,wired",
            (3, "kind"): "10.6.0.0/16,HS,wired",
        },
    ),
    "consents.csv": (
        "consent_id,type,grantor,subject,what,valid_from\n",
        {(1, "grantor_role"): "consent_id,type,grantor,subject,what,valid_from,grantor_role"},
    ),
}
"""Mistakes in registry files; a cell of which nobody can know better is set aside."""

NOTICES = {
    "exceptions.csv": (
        (
            "exception_id,rule,scope,value,reason,approver,valid_from,valid_to\n"
            "X-1,SA-12,device,k,test,p-1000,2026-09-01,2026-12-18\n"
        ),
        (2, "rule", "X-1,SA-2,device,k,test,p-1000,2026-09-01,2026-12-18"),
    ),
    "subnets.csv": (
        "cidr,building,kind\n10.5.0.0/16,H.S.,wired\n",
        (2, "building", "10.5.0.0/16,HS,wired"),
    ),
    "devices.csv": (
        "hostname,assigned_to\na,p-9999\n",
        (2, "assigned_to", ""),
    ),
    "egress.csv": (
        "cidr,meanning,meaning\n198.51.100.0/28,,nat\n",
        (1, "meanning", "cidr,meaning,meaning"),
    ),
}
"""Rows that are kept, though what they say comes to nothing."""
