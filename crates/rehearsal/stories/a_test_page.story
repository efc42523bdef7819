story: a test page goes to whoever asks for it, by their whole ladder, and to nobody else
date: 2026-11-03
zone: Europe/Berlin
company: default

12:00 ana asks for a test page
12:01 ana acknowledges
13:30 ben asks for a test page
15:00 (nobody answered; it is over)
