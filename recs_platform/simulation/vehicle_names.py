"""The words of the vehicle-fitment world: makes, models, kinds of parts with their usual price."""

from __future__ import annotations

MODELS = (
    ("Chevrolet", "Camaro"),
    ("Ford", "Mustang"),
    ("Chevrolet", "Chevelle"),
    ("Pontiac", "Firebird"),
    ("Dodge", "Charger"),
    ("Ford", "F-150"),
    ("Chevrolet", "C10"),
    ("Plymouth", "Barracuda"),
    ("Chevrolet", "Corvette"),
    ("Pontiac", "GTO"),
    ("Ford", "Bronco"),
    ("Dodge", "Challenger"),
    ("Oldsmobile", "Cutlass"),
    ("Buick", "Skylark"),
    ("Plymouth", "Road Runner"),
    ("Jeep", "Wrangler"),
    ("Ford", "Torino"),
    ("Chevrolet", "Nova"),
    ("Mercury", "Cougar"),
    ("AMC", "Javelin"),
    ("GMC", "Sierra"),
    ("Toyota", "Land Cruiser"),
    ("Datsun", "240Z"),
    ("Dodge", "Dart"),
)

FAVOURITES = (
    (("Console Parts", 140.0), ("Shifters", 260.0), ("Steering Wheels", 210.0), ("Seats", 640.0)),
    (("Ignition Coils", 95.0), ("Ignition Boxes", 330.0), ("Spark Plug Wires", 110.0)),
    (("Exhaust Systems", 780.0), ("Headers", 560.0), ("Mufflers", 170.0)),
    (("Suspension Kits", 1150.0), ("Brake Kits", 980.0), ("Shocks", 240.0)),
    (("Carburetors", 520.0), ("Fuel Injection Systems", 1480.0), ("Fuel Pumps", 190.0)),
)
"""For each of a model's favourites, the kinds of part that it may be: five different kinds for every model."""

ORDINARY = (
    ("Intake Manifolds", 390.0),
    ("Camshafts", 310.0),
    ("Valve Covers", 150.0),
    ("Radiators", 340.0),
    ("Alternators", 220.0),
    ("Gauges", 120.0),
    ("Air Cleaners", 75.0),
    ("Wheels", 260.0),
    ("Clutch Kits", 410.0),
    ("Door Panels", 180.0),
    ("Weatherstrips", 55.0),
    ("Oil Pans", 160.0),
    ("Cylinder Heads", 1350.0),
    ("Superchargers", 3200.0),
    ("Distributor Caps", 62.0),
    ("Engine Bolt Kits", 88.0),
    ("Header Gaskets", 32.0),
    ("Head Gaskets", 64.0),
    ("Bolt Sets", 28.0),
    ("Decals", 18.0),
    ("Hose Clamps", 14.0),
    ("Hardware", 58.0),
)
EXCLUDED = ("Header Gaskets", "Head Gaskets", "Bolt Sets", "Decals", "Hose Clamps", "Hardware")
"""Kinds of part that are never recommended."""
KEPT = ("Distributor Caps", "Engine Bolt Kits")
"""Kinds that sound like excluded ones and are recommended all the same."""

UNIVERSAL = (
    ("HL7021", "Universal LED Headlight", "Headlights", 189.95, 0.50),
    ("HL5014", "Universal Sealed Beam Headlight", "Headlights", 84.95, 0.15),
    ("BT2401", "Universal Battery Relocation Kit", "Batteries", 129.95, 0.10),
    ("FP1203", "Universal Electric Fuel Pump", "Fuel Pumps", 164.95, 0.08),
    ("GA3302", "Universal Gauge Cluster", "Gauges", 279.95, 0.06),
    ("RD8110", "Universal Electric Fan", "Radiators", 219.95, 0.04),
    ("SB6607", "Universal Lap Belt", "Seats", 59.95, 0.02),
    ("SVC-1001", "Installation at a partner's shop", "Services", 149.0, 0.03),
    ("LABOR-0003", "Extra hour of labor", "Services", 95.0, 0.02),
)
"""Fit nearly every vehicle: SKU, name, kind, price, share of what strangers buy of items that fit something."""

OUTSIDE = (
    ("T-Shirts", 24.0),
    ("Caps", 22.0),
    ("Hand Tools", 65.0),
    ("Motor Oil", 48.0),
    ("Shop Equipment", 690.0),
    ("Crate Engines", 5200.0),
    ("Nitrous Kits", 720.0),
    ("Trailer Parts", 310.0),
    ("Universal Fittings", 35.0),
    ("Transmissions", 2300.0),
    ("Tuning Devices", 450.0),
)
"""Kinds of item that the fitment data does not cover."""

BRANDS = ("Holloway", "Edelmark", "Flowline", "Hurstone", "Accelon", "Weyland", "Quickfire", "Brodex", "NightOwl")
BRAND_CODES = ("HO", "ED", "FL", "HU", "AC", "WE", "QU", "BX", "NI")
