story: a wrong year is kept and pointed out; a better claim takes its place
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 ana declares "Payments fail" SEV3
02:01 ana claims impact-started 2025-11-03 01:31: typed at night
02:05 ben claims impact-started 2026-11-03 01:31: by the chart
02:06 ben claims impact-started nonsense
02:10 ana resolves the incident: back
