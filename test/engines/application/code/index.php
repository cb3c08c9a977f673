<?php
$database = new mysqli(getenv('DATABASE'), 'page', 'secret', 'visits');
$database->query("INSERT INTO visit (host) VALUES ('" . $database->real_escape_string($_SERVER['HTTP_HOST']) . "')");
echo 'visitor ', $database->query('SELECT COUNT(*) AS n FROM visit')->fetch_object()->n, "\n";
