story: who is called to command a restricted incident learns its codename by mail, and may see it then
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 carla declares "Somebody reads our mail" SEV1 security
02:01 ben looks
02:02 (two minutes are over)
02:03 ben looks
02:04 ben acknowledges
02:05 ana looks
02:10 ben resolves the incident: a rule in the mail client
